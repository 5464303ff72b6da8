using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using ManagedDyn.Engine.Formats.Safetensors;

namespace ManagedDyn.Tests.Goldens;

/// <summary>A folder of golden vectors: an index and one safetensors file a case.</summary>
public sealed class GoldenSet
{
    /// <summary>Names the folder to check; without it the vectors beside the tests are taken.</summary>
    public const string FolderVariable = "MANAGEDDYN_GOLDENS";

    private readonly List<JsonElement> _cases = [];
    private readonly double _relativeTolerance;

    private GoldenSet(string folder, bool isOwn)
    {
        Folder = folder;
        IsOwn = isOwn;
        using JsonDocument index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "index.json")));
        JsonElement root = index.RootElement.Clone();
        int format = root.GetProperty("format").GetInt32();
        if (format != 1)
        {
            throw new InvalidDataException($"The golden index in {folder} has format {format}; expected 1.");
        }

        _relativeTolerance = root.GetProperty("rtol").GetDouble();
        foreach (JsonElement entry in root.GetProperty("cases").EnumerateArray())
        {
            _cases.Add(entry);
            string layer = entry.GetProperty("layer").GetString()!;
            if (!Layers.Contains(layer))
            {
                Layers.Add(layer);
            }
        }

        int stated = root.GetProperty("count").GetInt32();
        if (stated != _cases.Count)
        {
            throw new InvalidDataException($"The golden index in {folder} lists {_cases.Count} cases; expected the {stated} that it states.");
        }
    }

    public string Folder { get; }

    /// <summary>Whether these are the vectors of this repository rather than those of a folder given from outside.</summary>
    public bool IsOwn { get; }

    public List<string> Layers { get; } = [];

    public int Count => _cases.Count;

    public static GoldenSet Open()
    {
        string? outside = Environment.GetEnvironmentVariable(FolderVariable);
        return string.IsNullOrEmpty(outside)
            ? new GoldenSet(Path.Combine(AppContext.BaseDirectory, "Goldens", "Vectors"), isOwn: true)
            : new GoldenSet(outside, isOwn: false);
    }

    public IEnumerable<(string Layer, string Name)> Names()
    {
        foreach (JsonElement entry in _cases)
        {
            yield return (entry.GetProperty("layer").GetString()!, entry.GetProperty("case").GetString()!);
        }
    }

    public GoldenCase Case(string layer, string name)
    {
        foreach (JsonElement entry in _cases)
        {
            if (entry.GetProperty("layer").GetString() == layer && entry.GetProperty("case").GetString() == name)
            {
                string file = Path.Combine(Folder, Path.Combine(entry.GetProperty("file").GetString()!.Split('/')));
                return new GoldenCase(entry, SafetensorsFile.Load(file), _relativeTolerance);
            }
        }

        throw new KeyNotFoundException($"The goldens in {Folder} have no case {layer}/{name}.");
    }
}
