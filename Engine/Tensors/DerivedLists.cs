using System;

namespace ManagedDyn.Engine.Tensors;

/// <summary>
/// Remembers which lists of a workspace were made from which, so that what follows from a selection is worked out once for all layers that ask for it.
/// A list is found as long as neither it nor its source has been given back; of many, the oldest are forgotten.
/// </summary>
internal sealed class DerivedLists
{
    private const int Places = 32;

    private readonly Entry[] _entries = new Entry[Places];
    private int _next;

    /// <summary>The list that was made from a source, if it is still there.</summary>
    /// <param name="source">The source.</param>
    /// <param name="key">What else it depends on.</param>
    public Storage<int>? Find(Storage<int> source, in ListKey key)
    {
        foreach (ref readonly Entry entry in _entries.AsSpan())
        {
            if (entry.Source == source && entry.SourceGeneration == source.Generation && entry.List!.Generation == entry.ListGeneration && entry.Key == key)
            {
                return entry.List;
            }
        }

        return null;
    }

    /// <summary>Remembers a list; neither it nor its source is written to from now on.</summary>
    /// <param name="source">The source.</param>
    /// <param name="key">What else it depends on.</param>
    /// <param name="list">The list.</param>
    public void Add(Storage<int> source, in ListKey key, Storage<int> list)
    {
        _entries[_next] = new Entry(source, source.Generation, key, list, list.Generation);
        _next = (_next + 1) % Places;
    }

    /// <summary>Forgets all, so that the memory can be collected.</summary>
    public void Clear() => Array.Clear(_entries);

    private readonly record struct Entry(Storage<int>? Source, int SourceGeneration, ListKey Key, Storage<int>? List, int ListGeneration);
}
