using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>Writes the parts of options that architectures share.</summary>
internal static class OptionsWriter
{
    public static void Integers(Utf8JsonWriter writer, string name, ReadOnlySpan<int> values)
    {
        writer.WriteStartArray(name);
        foreach (int value in values)
        {
            writer.WriteNumberValue(value);
        }

        writer.WriteEndArray();
    }
}
