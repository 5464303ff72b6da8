using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicDepth;

/// <summary>Cuts layers that run one after another into segments, after those that are told by their paths.</summary>
internal sealed class SegmentCutter
{
    private readonly List<KeyValuePair<string, Layer>> _leaves = [];
    private readonly string[] _after;

    public SegmentCutter(Layer trunk, string path, ReadOnlySpan<string> after)
    {
        _after = after.ToArray();
        Flatten(path, trunk);
    }

    /// <summary>The segments, one more than paths.</summary>
    public Layer[] Cut()
    {
        List<Layer> segments = [];
        List<Layer> segment = [];
        int next = 0;
        for (int i = 0; i < _leaves.Count; i++)
        {
            segment.Add(_leaves[i].Value);
            if (next < _after.Length && EndsAt(i, _after[next]))
            {
                if (i == _leaves.Count - 1)
                {
                    throw new ArgumentException($"\"{_after[next]}\" is the last layer, which has a classifier; expected one before it.");
                }

                segments.Add(new Sequential(segment.ToArray()));
                segment.Clear();
                next++;
            }
        }

        if (next < _after.Length)
        {
            throw new ArgumentException($"There is no layer \"{_after[next]}\" at which a classifier could be attached{(next == 0 ? string.Empty : $" after \"{_after[next - 1]}\"")}; the network has {Paths()}.");
        }

        segments.Add(new Sequential(segment.ToArray()));
        return segments.ToArray();
    }

    // A sequence ends where its last layer does.
    private bool EndsAt(int leaf, string path)
    {
        string here = _leaves[leaf].Key;
        string following = leaf + 1 < _leaves.Count ? _leaves[leaf + 1].Key : string.Empty;
        return IsWithin(here, path) && !IsWithin(following, path);
    }

    private static bool IsWithin(string leaf, string path) =>
        leaf == path || (leaf.StartsWith(path, StringComparison.Ordinal) && leaf.Length > path.Length && leaf[path.Length] == '.');

    private void Flatten(string path, Layer layer)
    {
        if (layer is not Sequential sequence)
        {
            _leaves.Add(new(path, layer));
            return;
        }

        for (int i = 0; i < sequence.Count; i++)
        {
            string name = i.ToString(CultureInfo.InvariantCulture);
            Flatten(path.Length == 0 ? name : path + "." + name, sequence[i]);
        }
    }

    private string Paths()
    {
        string[] paths = new string[_leaves.Count];
        for (int i = 0; i < paths.Length; i++)
        {
            paths[i] = _leaves[i].Key;
        }

        return string.Join(", ", paths);
    }
}
