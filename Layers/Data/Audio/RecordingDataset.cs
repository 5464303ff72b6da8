using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Layers.Data.Audio;

/// <summary>Recordings, each with the number of its class.</summary>
public sealed class RecordingDataset
{
    private readonly Recording[] _recordings;
    private readonly int[] _labels;

    /// <summary>Makes a data set.</summary>
    /// <param name="recordings">The recordings.</param>
    /// <param name="labels">One a recording, numbers of classes.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <exception cref="ArgumentException">There is not one label a recording, or a label names no class.</exception>
    public RecordingDataset(IReadOnlyList<Recording> recordings, IReadOnlyList<int> labels, IReadOnlyList<string> classNames)
    {
        ArgumentNullException.ThrowIfNull(recordings);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(classNames);
        if (recordings.Count != labels.Count)
        {
            throw new ArgumentException($"{labels.Count} labels were given for {recordings.Count} recordings; expected one a recording.", nameof(labels));
        }

        _recordings = [.. recordings];
        _labels = [.. labels];
        ClassNames = [.. classNames];
        foreach (int label in _labels)
        {
            if ((uint)label >= (uint)ClassNames.Count)
            {
                throw new ArgumentException($"A label is {label}; expected 0 to {ClassNames.Count - 1}.", nameof(labels));
            }
        }
    }

    /// <summary>The recordings.</summary>
    public IReadOnlyList<Recording> Recordings => _recordings;

    /// <summary>One label a recording.</summary>
    public ReadOnlySpan<int> Labels => _labels;

    /// <summary>The names of the classes.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Some of the recordings.</summary>
    /// <param name="indices">Which, in the order wanted.</param>
    public RecordingDataset Subset(ReadOnlySpan<int> indices)
    {
        Recording[] recordings = new Recording[indices.Length];
        int[] labels = new int[indices.Length];
        for (int i = 0; i < labels.Length; i++)
        {
            recordings[i] = _recordings[indices[i]];
            labels[i] = _labels[indices[i]];
        }

        return new RecordingDataset(recordings, labels, ClassNames);
    }

    /// <summary>Splits off a part in which each class has its share. Which recordings go where depends on the seed alone; both parts keep the order.</summary>
    /// <param name="fraction">The share of each class to split off, from 0 to 1.</param>
    /// <param name="random">The seed.</param>
    /// <param name="name">The name of the split: splits of different names are independent.</param>
    /// <returns>What remains, and the part.</returns>
    public (RecordingDataset Remaining, RecordingDataset Part) Split(float fraction, RandomSource random, string name)
    {
        (int[] rest, int[] part) = StratifiedSplit.Of(_labels, ClassNames.Count, fraction, random, name);
        return (Subset(rest), Subset(part));
    }
}
