using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.Files;
using ManagedDyn.Tool.Heatmaps;
using ManagedDyn.Tool.Imaging;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Answers;

/// <summary>
/// Draws for each answer where its layers computed, as one PNG: the first under the name given, later ones with their number before the extension.
/// </summary>
public sealed class AnswerHeatmap(string path, Model model) : AnswerSink
{
    private int _count;

    public override void Add(Answer answer)
    {
        Prediction prediction = answer.Prediction;
        PixelImage input = InputPicture.Any(answer.Input, model.SampleShape)
            ?? throw new ToolException($"--heatmap draws over pictures; the model takes samples of shape {model.SampleShape}");
        string said = $"{answer.LabelOf(model)}, {Quantity.Percent(prediction.Confidence)} sure, exit {prediction.ExitIndex + 1} of {model.ExitCount}, {Quantity.Scaled(prediction.MacsExecuted)} of {Quantity.Scaled(prediction.MacsDense)} multiply-adds";
        PixelImage sheet = HeatmapSheet.Compose(SpatialPanels.Draw(input, answer.Decisions ?? []), answer.Input.Name, said);
        OutputFile.Write(NumberedFile.NameOf(path, _count++), stream => PngWriter.Write(stream, sheet));
    }

    public override void Finish()
    {
        // Each file was whole when its answer came.
    }
}
