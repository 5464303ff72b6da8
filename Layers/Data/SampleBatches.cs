using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Gives out a set of samples in batches. With a random source the order changes every epoch and depends on seed and epoch alone, so any batch of any epoch can be
/// made again without those before it. Sequences of about the same length then stand together (in windows of some batches), so that batches hold little
/// padding, and the batches come in random order. Serves one thread at a time.
/// </summary>
public sealed class SampleBatches : IBatchSource
{
    private const int WindowBatches = 16;

    private readonly RandomSource? _random;
    private readonly int _batchSize;
    private readonly int[] _order;
    private readonly int[] _batches;
    private readonly Comparer<int> _shorter;
    private long _orderEpoch = -1;

    /// <summary>Prepares the batches of a set.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="batchSize">The most samples in a batch, at least 1.</param>
    /// <param name="random">The root of the order; null: the samples come in their order, and are read rather than drawn.</param>
    /// <param name="dropLast">Whether samples that do not fill a batch are left out of the epoch.</param>
    public SampleBatches(SampleSet samples, int batchSize, RandomSource? random = null, bool dropLast = false)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        Samples = samples;
        _random = random;
        _batchSize = batchSize;
        int count = samples.Count;
        BatchCount = dropLast ? count / batchSize : (int)(((long)count + batchSize - 1) / batchSize);
        _order = new int[count];
        _batches = new int[BatchCount];
        Number(_order);
        Number(_batches);
        _shorter = Comparer<int>.Create(CompareLengths);
    }

    /// <summary>The samples.</summary>
    public SampleSet Samples { get; }

    /// <inheritdoc/>
    public Shape SampleShape => Samples.SampleShape;

    /// <inheritdoc/>
    public int ClassCount => Samples.ClassNames.Count;

    /// <inheritdoc/>
    public int BatchCount { get; }

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, string>> Settings =>
    [
        new("samples", string.Create(CultureInfo.InvariantCulture, $"{Samples.Count} of shape {SampleShape}")),
        new("order", _random is null ? "as given" : string.Create(CultureInfo.InvariantCulture, $"shuffled by seed {_random.Seed}{(Samples.HasLengths ? ", like lengths together" : string.Empty)}")),
        .. Samples.Settings,
    ];

    /// <inheritdoc/>
    public int CountOf(int batch)
    {
        if ((uint)batch >= (uint)BatchCount)
        {
            throw new ArgumentOutOfRangeException(nameof(batch), batch, $"There is no batch {batch}; expected 0 to {BatchCount - 1}.");
        }

        // In random order the small batch is given out last too, so that counts do not depend on the epoch.
        return Math.Min(_batchSize, _order.Length - (batch * _batchSize));
    }

    /// <inheritdoc/>
    public void Fill(long epoch, int batch, Span<float> samples, Span<int> labels, Span<int> sampleIds = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        int count = CountOf(batch);
        int length = SampleShape.Count;
        if (samples.Length != (long)count * length || labels.Length != count || (sampleIds.Length != 0 && sampleIds.Length != count))
        {
            throw new ArgumentException($"Room for {samples.Length} values, {labels.Length} labels and {sampleIds.Length} numbers was given; expected {(long)count * length}, {count} and {count} or none.", nameof(samples));
        }

        Order(epoch);
        for (int i = 0; i < count; i++)
        {
            int index = _order[(_batches[batch] * _batchSize) + i];
            Span<float> sample = samples.Slice(i * length, length);
            if (_random is null)
            {
                Samples.Read(index, sample);
                labels[i] = Samples.Label(index);
            }
            else
            {
                labels[i] = Samples.Draw(epoch, index, sample);
            }

            if (sampleIds.Length != 0)
            {
                sampleIds[i] = Samples.SampleId(index);
            }
        }
    }

    private static void Number(int[] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = i;
        }
    }

    private int CompareLengths(int left, int right)
    {
        int order = Samples.Length(left).CompareTo(Samples.Length(right));
        return order != 0 ? order : left.CompareTo(right);
    }

    private void Order(long epoch)
    {
        if (_random is null || epoch == _orderEpoch)
        {
            return;
        }

        // From the plain order each time, so that an epoch's order does not depend on the epochs before it.
        Number(_order);
        _random.Stream("shuffle").Shuffle(_order, epoch);
        if (Samples.HasLengths)
        {
            int window = WindowBatches * _batchSize;
            for (int start = 0; start < _order.Length; start += window)
            {
                Array.Sort(_order, start, Math.Min(window, _order.Length - start), _shorter);
            }

            Number(_batches);
            _random.Stream("batches").Shuffle(_batches.AsSpan(0, _order.Length / _batchSize), epoch);
        }

        _orderEpoch = epoch;
    }
}
