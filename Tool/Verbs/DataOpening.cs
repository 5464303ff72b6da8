using System;
using System.IO;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Data;
using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tool.Verbs;

/// <summary>Opens data sets for verbs, with one-line errors.</summary>
public static class DataOpening
{
    public static ImageSplits Open(string source, DatasetOptions options, Workers workers)
    {
        ArgumentNullException.ThrowIfNull(options);
        try
        {
            ImageSplits splits = Datasets.Open(source, options with { Decoder = new ImageFileDecoder() }, workers);
            return splits.Training.Count > 0 && splits.Validation.Count > 0 && splits.Test.Count > 0
                ? splits
                : throw new ToolException(
                    $"the data set '{source}' has {splits.Training.Count} training, {splits.Validation.Count} validation and {splits.Test.Count} test images; expected some of each");
        }
        catch (Exception e) when (e is ModelFileException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ToolException($"cannot open the data set '{source}': {e.Message.TrimEnd('.')}", e);
        }
    }
}
