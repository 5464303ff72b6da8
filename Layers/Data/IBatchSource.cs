using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Gives out labelled samples in batches. What a batch holds depends on the epoch and the batch's number alone (and on a seed given before),
/// so that any batch can be made again without those before it.
/// </summary>
public interface IBatchSource
{
    /// <summary>The shape of one sample, without batch.</summary>
    Shape SampleShape { get; }

    /// <summary>The number of classes.</summary>
    int ClassCount { get; }

    /// <summary>How many targets a sample has: 1 label, or one for each pixel of a map of labels, or one for each value of a picture.</summary>
    int TargetCount => 1;

    /// <summary>The number of batches in an epoch.</summary>
    int BatchCount { get; }

    /// <summary>
    /// What the content of the batches depends on, as names and values: a checkpoint keeps it, and training that resumes with other values is refused.
    /// </summary>
    IReadOnlyList<KeyValuePair<string, string>> Settings => [];

    /// <summary>The number of samples in a batch.</summary>
    /// <param name="batch">From 0 to <see cref="BatchCount"/> − 1.</param>
    int CountOf(int batch);

    /// <summary>Writes a batch.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="batch">From 0 to <see cref="BatchCount"/> − 1.</param>
    /// <param name="samples">The values, <see cref="CountOf"/> samples one after another.</param>
    /// <param name="labels">One label a sample, or <see cref="TargetCount"/> targets one after another; those of a picture are its bytes.</param>
    /// <param name="sampleIds">The samples' numbers in their data set; empty when not wanted.</param>
    void Fill(long epoch, int batch, Span<float> samples, Span<int> labels, Span<int> sampleIds = default);
}
