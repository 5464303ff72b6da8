using System;
using System.Collections.Generic;
using System.Text.Json;

namespace ManagedDyn.Layers.Static;

/// <summary>
/// Says which names a file from elsewhere uses for the parts of a network: "features.0" stands for "stem.conv" and so "features.0.weight" for
/// "stem.conv.weight". The longest rule that fits whole names of the path wins; a name that no rule fits stays as it is.
/// </summary>
/// <remarks>
/// Names that end in "num_batches_tracked", PyTorch's count of training batches, are always left out: nothing here needs them.
/// </remarks>
public sealed class NameMap
{
    private const string BatchCounter = "num_batches_tracked";

    private readonly Dictionary<string, string?> _rules = new(StringComparer.Ordinal);

    /// <summary>Reads rules from a JSON object such as {"features.0": "stem.conv", "aux": null}; null leaves a part out.</summary>
    /// <param name="json">The text.</param>
    /// <exception cref="ArgumentException">It is no such object.</exception>
    public static NameMap Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        NameMap map = new();
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (property.Value.ValueKind == JsonValueKind.Null)
                {
                    map.LeaveOut(property.Name);
                }
                else
                {
                    map.Rename(property.Name, property.Value.GetString()!);
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new ArgumentException("A name map is not a JSON object of names: expected one such as {\"features.0\": \"stem.conv\", \"aux\": null}.", nameof(json), exception);
        }

        return map;
    }

    /// <summary>Adds a rule.</summary>
    /// <param name="fileName">A dotted path in the file, of a parameter or of a part that holds some.</param>
    /// <param name="name">The path in the network; empty: the parts stand at the top.</param>
    /// <returns>This map.</returns>
    /// <exception cref="ArgumentException">There is a rule for that path already.</exception>
    public NameMap Rename(string fileName, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(fileName);
        ArgumentNullException.ThrowIfNull(name);
        AddRule(fileName, name);
        return this;
    }

    /// <summary>Adds a rule that leaves a part of the file out.</summary>
    /// <param name="fileName">A dotted path in the file, of a parameter or of a part that holds some.</param>
    /// <returns>This map.</returns>
    /// <exception cref="ArgumentException">There is a rule for that path already.</exception>
    public NameMap LeaveOut(string fileName)
    {
        ArgumentException.ThrowIfNullOrEmpty(fileName);
        AddRule(fileName, null);
        return this;
    }

    /// <summary>The path in the network for a name in the file; null when it is left out.</summary>
    /// <param name="fileName">The name in the file.</param>
    public string? Resolve(string fileName)
    {
        ArgumentNullException.ThrowIfNull(fileName);
        if (fileName.EndsWith("." + BatchCounter, StringComparison.Ordinal) || fileName == BatchCounter)
        {
            return null;
        }

        for (int end = fileName.Length; end > 0; end = fileName.LastIndexOf('.', end - 1))
        {
            if (_rules.TryGetValue(fileName[..end], out string? name))
            {
                string rest = fileName[end..];
                return name is null ? null : name.Length == 0 ? rest.TrimStart('.') : name + rest;
            }
        }

        return fileName;
    }

    private void AddRule(string fileName, string? name)
    {
        if (!_rules.TryAdd(fileName, name))
        {
            throw new ArgumentException($"The name map has two rules for \"{fileName}\".", nameof(fileName));
        }
    }
}
