using System.Globalization;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Training;

namespace ManagedDyn.Tool.Verbs;

/// <summary>Lists the models that can be trained by name.</summary>
internal static class PresetList
{
    private static readonly TrainingPlan Usual = new() { Data = string.Empty };

    public static void Print(Terminal terminal, bool json)
    {
        if (json)
        {
            PrintJson(terminal);
            return;
        }

        TextTable table = new("model", "what it is", "takes", "static counterpart", ">target", "trained by", ">rate", ">batch", "paper");
        foreach (ModelPreset preset in ModelPreset.All)
        {
            string target = preset.Target > 0 ? Quantity.Percent(preset.Target) : string.Empty;
            target = preset.HasFixedTarget ? $"fixed, {target}" : target;
            (double rate, int batch) = DefaultsOf(preset);
            table.Add(
                preset.Name, preset.Summary, TakesOf(preset), preset.Static, target, OptimizerOf(preset), rate.ToString("R", CultureInfo.InvariantCulture),
                batch.ToString(CultureInfo.InvariantCulture), preset.Paper);
        }

        table.Write(terminal);
        terminal.WriteLine();
        terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rate, batch and target are what 'mdyn train' takes where --rate, --batch and --target say nothing else; epochs: {Usual.Epochs}"));
    }

    private static void PrintJson(Terminal terminal)
    {
        using JsonDocumentWriter json = new();
        json.Object().Array("models");
        foreach (ModelPreset preset in ModelPreset.All)
        {
            (double rate, int batch) = DefaultsOf(preset);
            json.Object().Text("name", preset.Name).Text("summary", preset.Summary).Text("takes", TakesOf(preset)).Text("static", preset.Static).Number("target", preset.Target).Flag("takes_target", preset.TakesTarget)
                .Text("optimizer", OptimizerOf(preset)).Number("rate", rate).Whole("batch", batch).Whole("epochs", Usual.Epochs).Text("paper", preset.Paper).EndObject();
        }

        json.EndArray().EndObject();
        terminal.WriteLine(json.ToString());
    }

    private static (double Rate, int Batch) DefaultsOf(ModelPreset preset) => (preset.Rate > 0 ? preset.Rate : Usual.Rate, preset.Batch > 0 ? preset.Batch : Usual.BatchSize);

    private static string OptimizerOf(ModelPreset preset) => preset.UsesAdam ? "Adam" : "momentum";

    private static string TakesOf(ModelPreset preset) => preset.Takes switch
    {
        InputForm.Images => "images",
        InputForm.Texts => "texts",
        InputForm.Sequences => "texts, sequences",
        InputForm.Frames => "frames",
        _ => string.Empty,
    };
}
