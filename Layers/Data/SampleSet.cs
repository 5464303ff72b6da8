using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Labelled samples of one shape, as a network takes them: pixels that are normalised, identifiers of tokens, features of steps. Immutable, so that threads may
/// share it.
/// </summary>
public abstract class SampleSet
{
    /// <summary>The shape of one sample, without batch. A sequence has its steps first: [T], [T, F] or [T, H, W, C].</summary>
    public abstract Shape SampleShape { get; }

    /// <summary>The names of the classes; a label is an index into it.</summary>
    public abstract IReadOnlyList<string> ClassNames { get; }

    /// <summary>The number of samples.</summary>
    public abstract int Count { get; }

    /// <summary>Whether samples are sequences of unequal lengths, with padding behind their end.</summary>
    public virtual bool HasLengths => false;

    /// <summary>What training on the set depends on besides its order, as names and values; a checkpoint keeps it.</summary>
    public virtual IReadOnlyList<KeyValuePair<string, string>> Settings => [];

    /// <summary>The class of a sample.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> − 1.</param>
    public abstract int Label(int index);

    /// <summary>The steps that a sequence has, padding left out; of other samples the first extent of the shape.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> − 1.</param>
    public virtual int Length(int index) => SampleShape.Rank == 0 ? 1 : SampleShape[0];

    /// <summary>The sample's number in the set that this one was taken from; noise is keyed by it.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> − 1.</param>
    public virtual int SampleId(int index) => index;

    /// <summary>Writes a sample's values, ready for a network.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> − 1.</param>
    /// <param name="destination">As many values as <see cref="SampleShape"/> has; padding included.</param>
    public abstract void Read(int index, Span<float> destination);

    /// <summary>Writes what training sees of a sample in an epoch: the sample itself, unless the set makes new ones in every epoch.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="index">From 0 to <see cref="Count"/> − 1.</param>
    /// <param name="destination">As many values as <see cref="SampleShape"/> has.</param>
    /// <returns>The sample's class.</returns>
    public virtual int Draw(long epoch, int index, Span<float> destination)
    {
        Read(index, destination);
        return Label(index);
    }

    /// <summary>Gives the samples out in batches.</summary>
    /// <param name="batchSize">The most samples in a batch.</param>
    /// <param name="random">The root of the order, for training; null: the samples come in their order and as they are.</param>
    /// <param name="dropLast">Whether samples that do not fill a batch are left out of the epoch.</param>
    public virtual IBatchSource Batches(int batchSize, RandomSource? random = null, bool dropLast = false) => new SampleBatches(this, batchSize, random, dropLast);

    /// <summary>Some of the samples.</summary>
    /// <param name="indices">Which, in the order wanted.</param>
    public virtual SampleSet Subset(ReadOnlySpan<int> indices) => new SampleSubset(this, indices);

    /// <summary>The first samples; all when there are no more.</summary>
    /// <param name="count">How many.</param>
    public SampleSet First(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count >= Count)
        {
            return this;
        }

        int[] indices = new int[count];
        for (int i = 0; i < indices.Length; i++)
        {
            indices[i] = i;
        }

        return Subset(indices);
    }

    /// <summary>Refuses a sample that the set does not hold, and room of another length than a sample's.</summary>
    /// <param name="index">The sample's index.</param>
    /// <param name="room">The number of values that there is room for.</param>
    protected void Check(int index, int room)
    {
        if ((uint)index >= (uint)Count)
        {
            throw new ArgumentOutOfRangeException(nameof(index), index, $"There is no sample {index}; expected 0 to {Count - 1}.");
        }

        if (room != SampleShape.Count)
        {
            throw new ArgumentException($"The destination has {room} elements; expected {SampleShape.Count} for a sample {SampleShape}.", nameof(room));
        }
    }
}
