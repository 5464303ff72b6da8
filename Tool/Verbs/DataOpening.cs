using System;
using System.IO;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tool.Verbs;

/// <summary>Opens data sets for verbs, with one-line errors.</summary>
public static class DataOpening
{
    /// <summary>The samples of a data set as a model takes them.</summary>
    public static SampleSplits Encode(Model model, DataSplits data)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        try
        {
            return InputEncoding.Encode(model.Encoding, data);
        }
        catch (ArgumentException e)
        {
            throw new ToolException($"the data set {data.Name} does not fit the model: {ToolException.Reason(e)}", e);
        }
    }

    public static DataSplits Open(string source, DatasetOptions options, Workers workers)
    {
        ArgumentNullException.ThrowIfNull(options);
        try
        {
            DataSplits splits = Datasets.OpenAny(source, options with { Decoder = new ImageFileDecoder() }, workers);
            return splits.TrainingCount > 0 && splits.ValidationCount > 0 && splits.TestCount > 0
                ? splits
                : throw new ToolException(
                    $"the data set '{source}' has {splits.TrainingCount} training, {splits.ValidationCount} validation and {splits.TestCount} test {splits.Noun}; expected some of each");
        }
        catch (Exception e) when (e is ModelFileException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ToolException($"cannot open the data set '{source}': {ToolException.Reason(e)}", e);
        }
    }
}
