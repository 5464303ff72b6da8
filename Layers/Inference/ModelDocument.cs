using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;

namespace ManagedDyn.Layers.Inference;

/// <summary>The JSON document of a model file: everything but the tensors.</summary>
internal static class ModelDocument
{
    /// <summary>The version of the document's layout; it changes whenever a reader of the old one would misread the new one.</summary>
    public const int Version = 1;

    private const int MostClasses = 1_000_000;
    private const int MostExits = 1024;
    private const int MostPoints = 1024;
    private const int MostEntries = 10_000;
    private const int LongestValue = 1 << 20;
    private const int DeepestNesting = 32;

    public static string Write(StagedNetwork network, ModelDescription description, ModelArchitecture architecture)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("version"u8, Version);
            json.WriteStartObject("architecture"u8);
            json.WriteString("name"u8, architecture.Name);
            json.WritePropertyName("options"u8);
            architecture.WriteOptions(json, network);
            json.WriteEndObject();
            if (network.Answers != AnswerKind.Label)
            {
                json.WriteString("answers"u8, NameOf(network.Answers));
            }

            InputEncodings.Write(json, description.Encoding);
            json.WriteStartArray("labels"u8);
            foreach (string label in description.Labels)
            {
                json.WriteStringValue(label);
            }

            json.WriteEndArray();
            WriteExits(json, description);
            json.WriteStartObject("training"u8);
            foreach ((string name, string value) in description.Training.Entries)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static (StagedNetwork Network, ModelDescription Description, ModelArchitecture Architecture) Read(string json, IReadOnlyList<ModelArchitecture> others)
    {
        using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = DeepestNesting, AllowDuplicateProperties = false });
        OptionsReader root = new(document.RootElement, "model");
        long version = root.Long("version", 0, long.MaxValue);
        if (version != Version)
        {
            throw new ModelFormatException("model file", -1, $"format version {version}", $"{Version}; the file was written by {(version > Version ? "a newer" : "another")} release");
        }

        OptionsReader named = root.Object("architecture");
        ModelArchitecture[] among = [.. ModelCatalogue.All, .. others];
        ModelArchitecture architecture = ModelCatalogue.Find(named.Text("name", ModelChecks.LongestText), among);
        StagedNetwork network = architecture.Create(named.Member("options"));
        named.Finish();
        string answers = root.Has("answers") ? root.Text("answers", ModelChecks.LongestText) : NameOf(AnswerKind.Label);
        if (answers != NameOf(network.Answers))
        {
            throw new ModelFormatException("model file", -1, $"answers {FileText.Quote(answers)}", $"\"{NameOf(network.Answers)}\", as the architecture {architecture.Name} gives with these options");
        }

        ModelDescription description = new()
        {
            Encoding = InputEncodings.Read(root),
            Labels = root.Texts("labels", MostClasses, ModelChecks.LongestText),
            Training = new TrainingRecord(root.Object("training").Pairs(MostEntries, LongestValue)),
        };
        description = ReadExits(root.Object("exits"), description);
        root.Finish();
        return (network, description, architecture);
    }

    private static string NameOf(AnswerKind answers) => answers switch
    {
        AnswerKind.LabelMap => "label-map",
        AnswerKind.Picture => "picture",
        _ => "label",
    };

    private static void WriteExits(Utf8JsonWriter json, ModelDescription description)
    {
        json.WriteStartObject("exits"u8);
        json.WriteString("criterion"u8, description.Criterion.Name);
        if (description.LeastConfidence > 0)
        {
            json.WriteNumber("leastConfidence"u8, description.LeastConfidence);
        }

        WriteReals(json, "temperatures"u8, [.. description.Temperatures]);
        json.WriteStartArray("points"u8);
        foreach (OperatingPoint point in description.Points)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, point.Name);
            WriteReals(json, "thresholds"u8, point.Thresholds.Values);
            json.WriteNumber("macsBudget"u8, point.MacsBudget);
            WriteReal(json, "expectedAccuracy"u8, point.ExpectedAccuracy);
            WriteReal(json, "expectedMacs"u8, point.ExpectedMacs);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static ModelDescription ReadExits(OptionsReader reader, ModelDescription description)
    {
        ConfidenceCriterion criterion = ConfidenceCriteria.Find(reader.Text("criterion", ModelChecks.LongestText));
        float[] temperatures = reader.Reals("temperatures", MostExits, float.Epsilon, float.MaxValue);
        OptionsReader[] items = reader.Objects("points", MostPoints);
        OperatingPoint[] points = new OperatingPoint[items.Length];
        for (int i = 0; i < points.Length; i++)
        {
            OptionsReader item = items[i];
            points[i] = new OperatingPoint(item.Text("name", ModelChecks.LongestText), new ExitThresholds(item.Reals("thresholds", MostExits, 0f, ExitThresholds.Never)))
            {
                MacsBudget = item.Long("macsBudget", 0, long.MaxValue),
                ExpectedAccuracy = item.Has("expectedAccuracy") ? item.Real("expectedAccuracy", 0, 1) : double.NaN,
                ExpectedMacs = item.Has("expectedMacs") ? item.Real("expectedMacs", 0, double.MaxValue) : double.NaN,
            };
            item.Finish();
        }

        float least = reader.Has("leastConfidence") ? (float)reader.Real("leastConfidence", 0, 1) : 0;
        reader.Finish();
        return description with { Criterion = criterion, Temperatures = temperatures, Points = points, LeastConfidence = least };
    }

    private static void WriteReals(Utf8JsonWriter json, ReadOnlySpan<byte> name, ReadOnlySpan<float> values)
    {
        json.WriteStartArray(name);
        foreach (float value in values)
        {
            // JSON has no infinity; null stands for it.
            if (float.IsPositiveInfinity(value))
            {
                json.WriteNullValue();
            }
            else
            {
                json.WriteNumberValue(value);
            }
        }

        json.WriteEndArray();
    }

    private static void WriteReal(Utf8JsonWriter json, ReadOnlySpan<byte> name, double value)
    {
        if (double.IsNaN(value))
        {
            json.WriteNull(name);
        }
        else
        {
            json.WriteNumber(name, value);
        }
    }
}
