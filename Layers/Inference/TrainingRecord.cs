using System;
using System.Collections.Generic;

namespace ManagedDyn.Layers.Inference;

/// <summary>How a model came about: named strings in the order in which they were given, such as the data set, seed, epochs and final loss.</summary>
public sealed class TrainingRecord
{
    private readonly KeyValuePair<string, string>[] _entries;

    /// <summary>Makes a record.</summary>
    /// <param name="entries">Names and values; each name once.</param>
    /// <exception cref="ArgumentException">A name is empty or stands twice.</exception>
    public TrainingRecord(params ReadOnlySpan<KeyValuePair<string, string>> entries)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((string name, string value) in entries)
        {
            ArgumentException.ThrowIfNullOrEmpty(name, nameof(entries));
            ArgumentNullException.ThrowIfNull(value, nameof(entries));
            if (!names.Add(name))
            {
                throw new ArgumentException($"The training record names \"{name}\" twice.", nameof(entries));
            }
        }

        _entries = entries.ToArray();
    }

    /// <summary>The record of a model of unknown origin.</summary>
    public static TrainingRecord Empty { get; } = new();

    /// <summary>Names and values, in order.</summary>
    public ReadOnlySpan<KeyValuePair<string, string>> Entries => _entries;

    /// <summary>The value under a name; null when there is none.</summary>
    /// <param name="name">The name.</param>
    public string? this[string name]
    {
        get
        {
            foreach ((string key, string value) in _entries)
            {
                if (string.Equals(key, name, StringComparison.Ordinal))
                {
                    return value;
                }
            }

            return null;
        }
    }
}
