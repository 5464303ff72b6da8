using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Formats.Safetensors;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>Tensors under the names that they have in a file: checked as a whole before the first value is read.</summary>
internal sealed class TensorBinding
{
    private readonly List<KeyValuePair<string, Tensor>> _targets = [];
    private readonly Dictionary<string, Tensor> _byName = new(StringComparer.Ordinal);
    private readonly List<KeyValuePair<string, Tensor>> _sources = [];

    /// <summary>Adds a tensor.</summary>
    public void Add(string name, Tensor target)
    {
        _byName.Add(name, target);
        _targets.Add(new(name, target));
    }

    /// <summary>Adds all parameters of a module.</summary>
    public void Add(string prefix, Module module)
    {
        foreach ((string path, var parameter) in module.NamedParameters())
        {
            Add(prefix + path, parameter.Value);
        }
    }

    /// <summary>Puts all tensors into a file.</summary>
    public void Write(SafetensorsWriter writer)
    {
        foreach ((string name, Tensor tensor) in _targets)
        {
            writer.Add(name, tensor);
        }
    }

    /// <summary>Finds the source of every tensor and lists all that does not fit.</summary>
    /// <param name="file">The file.</param>
    /// <param name="prefix">Names of the file that start otherwise are not looked at.</param>
    /// <param name="map">Turns the rest of a file's name into a name added here.</param>
    /// <param name="mismatches">Takes what does not fit.</param>
    public void Check(SafetensorsFile file, string prefix, NameMap map, List<string> mismatches)
    {
        _sources.Clear();
        Dictionary<string, string> found = new(StringComparer.Ordinal);
        foreach (SafetensorsEntry entry in file.Entries)
        {
            if (!entry.Name.StartsWith(prefix, StringComparison.Ordinal) || map.Resolve(entry.Name[prefix.Length..]) is not { } name)
            {
                continue;
            }

            string target = prefix + name;
            if (!_byName.TryGetValue(target, out Tensor tensor))
            {
                mismatches.Add($"{FileText.Quote(entry.Name)} {entry.Shape} is not expected");
            }
            else if (!found.TryAdd(target, entry.Name))
            {
                mismatches.Add($"{target} is given by both {FileText.Quote(found[target])} and {FileText.Quote(entry.Name)}");
            }
            else if (entry.Shape != tensor.Shape)
            {
                mismatches.Add($"{Shown(entry.Name, target)} has shape {entry.Shape}; expected {tensor.Shape}");
            }
            else if (!IsFloatingPoint(entry.Type))
            {
                mismatches.Add($"{Shown(entry.Name, target)} has element type {entry.Type}; expected F32, F64, F16 or BF16");
            }
            else if (!IsFinite(file.ReadTensor(entry.Name)))
            {
                mismatches.Add($"{Shown(entry.Name, target)} holds NaN or infinity; expected finite values");
            }
            else
            {
                _sources.Add(new(entry.Name, tensor));
            }
        }

        foreach ((string name, Tensor tensor) in _targets)
        {
            if (!found.ContainsKey(name))
            {
                mismatches.Add($"{name} is missing; expected {tensor.Shape}");
            }
        }
    }

    /// <summary>Reads what <see cref="Check"/> found.</summary>
    public void Read(SafetensorsFile file)
    {
        foreach ((string source, Tensor target) in _sources)
        {
            file.CopyTo(source, target.Span);
        }
    }

    /// <summary>Whether no value is NaN or infinite.</summary>
    internal static bool IsFinite(Tensor tensor) => System.Numerics.Tensors.TensorPrimitives.IsFiniteAll<float>(tensor.Span);

    private static bool IsFloatingPoint(ElementType type) =>
        type is ElementType.F32 or ElementType.F64 or ElementType.F16 or ElementType.BF16;

    private static string Shown(string fileName, string name) => fileName == name ? name : $"{name} (in the file {FileText.Quote(fileName)})";
}
