using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Training;

namespace ManagedDyn.Tool.Verbs;

/// <summary>Lists the models that can be trained by name.</summary>
internal static class PresetList
{
    public static void Print(Terminal terminal, bool json)
    {
        if (json)
        {
            PrintJson(terminal);
            return;
        }

        TextTable table = new("model", "what it is", "static counterpart", ">target", "paper");
        foreach (ModelPreset preset in ModelPreset.All)
        {
            string target = preset.Target > 0 ? Quantity.Percent(preset.Target) : string.Empty;
            table.Add(preset.Name, preset.Summary, preset.Static, target, preset.Paper);
        }

        table.Write(terminal);
    }

    private static void PrintJson(Terminal terminal)
    {
        using JsonDocumentWriter json = new();
        json.Object().Array("models");
        foreach (ModelPreset preset in ModelPreset.All)
        {
            json.Object().Text("name", preset.Name).Text("summary", preset.Summary).Text("static", preset.Static).Number("target", preset.Target)
                .Text("paper", preset.Paper).EndObject();
        }

        json.EndArray().EndObject();
        terminal.WriteLine(json.ToString());
    }
}
