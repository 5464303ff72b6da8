using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;
using ManagedDyn.Tool.Files;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Training;

/// <summary>A plan as a file of a training folder, so that a run is resumed with the settings that it was begun with.</summary>
public static class PlanFile
{
    private const int MaximumLength = 1 << 16;

    public static void Write(string path, TrainingPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        using JsonDocumentWriter json = new();
        json.Object();
        foreach ((string name, string value) in plan.Entries)
        {
            json.Text(name, value);
        }

        OutputFile.WriteText(path, json.EndObject() + "\n");
    }

    public static TrainingPlan Read(string path)
    {
        byte[] file = InputFile.ReadAllBytes(path, MaximumLength, "the plan of a training run that 'mdyn train' wrote");
        try
        {
            using JsonDocument document = JsonDocument.Parse(file);
            Dictionary<string, string> values = new(StringComparer.Ordinal);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                values[property.Name] = property.Value.GetString() ?? string.Empty;
            }

            return new TrainingPlan
            {
                Data = values["data"],
                Model = values["model"],
                Epochs = Whole(values["epochs"]),
                BatchSize = Whole(values["batch"]),
                Rate = Number(values["rate"]),
                Decay = Number(values["decay"]),
                Smoothing = Number(values["smoothing"]),
                Distillation = Number(values["distillation"]),
                Teacher = values.GetValueOrDefault("teacher", ""),
                Seed = long.Parse(values["seed"], CultureInfo.InvariantCulture),
                Shift = Whole(values["shift"]),
                Flip = values["flip"] == "yes",
                Erase = Number(values["erase"]),
                ImageSize = Whole(values["image size"]),
                Folds = Whole(values.GetValueOrDefault("folds", "0")),
                Fold = Whole(values.GetValueOrDefault("fold", "0")),
                Target = Number(values["target"]),
                Attention = values["attention"],
                Activation = values["activation"],
                Tokenizer = values.GetValueOrDefault("tokenizer", TrainingPlan.Words),
                Vocabulary = Whole(values.GetValueOrDefault("vocabulary", "4096")),
                Length = Whole(values.GetValueOrDefault("length", "0")),
                Tree = Numbers(values.GetValueOrDefault("tree", "")),
                BuiltInSamples = values.GetValueOrDefault("built-in samples", ""),
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or OverflowException or InvalidOperationException)
        {
            throw new ToolException($"'{path}' is no sound plan of a training run: {ToolException.Reason(e)}", e);
        }
    }

    // Whole numbers with commas between, or nothing.
    private static string Numbers(string text)
    {
        foreach (string part in text.Length == 0 ? [] : text.Split(','))
        {
            _ = Whole(part);
        }

        return text;
    }

    private static int Whole(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
