using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Formats.Safetensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Training;

/// <summary>
/// All that training needs to go on with the same bits, in one safetensors file: parameters and running statistics, the optimizer's state, the
/// moving average, and the rest as JSON in the metadata. The path holds the old checkpoint or the new one whole, whatever happens.
/// </summary>
internal static class Checkpoint
{
    private const string MetadataKey = "manageddyn.training";
    private const int Format = 1;

    /// <summary>Writes a checkpoint.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">All tensors under their names.</param>
    /// <param name="settings">What must be the same when training resumes.</param>
    /// <param name="state">The rest.</param>
    public static void Save(string path, TensorBinding tensors, IReadOnlyList<KeyValuePair<string, string>> settings, TrainingState state)
    {
        SafetensorsWriter writer = new();
        tensors.Write(writer);
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("format", Format);
            json.WriteStartObject("settings");
            foreach ((string name, string value) in settings)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
            state.Write(json);
            json.WriteEndObject();
        }

        writer.SetMetadata(MetadataKey, Encoding.UTF8.GetString(buffer.WrittenSpan));
        writer.Save(path);
    }

    /// <summary>Reads a checkpoint. When anything does not fit, nothing is changed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">All tensors under their names.</param>
    /// <param name="settings">What must be the same as in the file.</param>
    /// <param name="state">Takes the rest.</param>
    /// <exception cref="StateMismatchException">Settings or tensors differ; all are listed.</exception>
    /// <exception cref="ModelFileException">It is no sound checkpoint.</exception>
    public static void Load(string path, TensorBinding tensors, IReadOnlyList<KeyValuePair<string, string>> settings, TrainingState state)
    {
        SafetensorsFile file = SafetensorsFile.Load(path);
        if (!file.Metadata.TryGetValue(MetadataKey, out string? text))
        {
            throw new ModelFormatException("checkpoint", -1, $"no metadata \"{MetadataKey}\"", "a file that training wrote");
        }

        List<string> mismatches = [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement root = document.RootElement;
            int format = root.GetProperty("format").GetInt32();
            if (format != Format)
            {
                throw new ModelFormatException("checkpoint", -1, $"format {format}", $"format {Format}");
            }

            Compare(root.GetProperty("settings"), settings, mismatches);
            tensors.Check(file, string.Empty, new NameMap(), mismatches);
            if (mismatches.Count == 0)
            {
                state.Read(root);
            }
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException or OverflowException)
        {
            throw new ModelFormatException($"The checkpoint's metadata is not sound: {exception.Message}", exception);
        }

        if (mismatches.Count > 0)
        {
            throw new StateMismatchException(mismatches);
        }

        tensors.Read(file);
    }

    private static void Compare(JsonElement found, IReadOnlyList<KeyValuePair<string, string>> settings, List<string> mismatches)
    {
        foreach ((string name, string expected) in settings)
        {
            string? value = found.TryGetProperty(name, out JsonElement element) ? element.GetString() : null;
            if (!string.Equals(value, expected, StringComparison.Ordinal))
            {
                mismatches.Add($"{name} was {(value is null ? "not recorded" : value)}; now it is {expected}");
            }
        }
    }
}
