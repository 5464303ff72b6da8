using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data.Text;

/// <summary>
/// Gives out texts as identifiers in batches, [length] floats a text with padding behind. With a random source the order changes every epoch; texts of about
/// the same length then stand together (in windows of some batches), so that batches hold little padding, and the batches come in random order.
/// </summary>
public sealed class TokenBatches : IBatchSource
{
    private const int WindowBatches = 16;

    private readonly TextDataset _dataset;
    private readonly RandomSource? _random;
    private readonly int _batchSize;
    private readonly float[] _tokens;
    private readonly int[] _lengths;
    private readonly int[] _order;
    private readonly int[] _batches;
    private long _orderEpoch = -1;

    /// <summary>Prepares the batches of a data set.</summary>
    /// <param name="dataset">The texts.</param>
    /// <param name="tokenizer">Trained on the training part.</param>
    /// <param name="length">The most tokens of a text; the rest is cut off.</param>
    /// <param name="batchSize">The most texts in a batch.</param>
    /// <param name="random">The root of the order; null: the texts come in their order.</param>
    public TokenBatches(TextDataset dataset, Tokenizer tokenizer, int length, int batchSize, RandomSource? random = null)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        _dataset = dataset;
        _random = random;
        _batchSize = batchSize;
        int count = dataset.Texts.Count;
        SampleShape = new Shape(length);
        BatchCount = (int)(((long)count + batchSize - 1) / batchSize);
        _tokens = new float[checked(count * length)];
        _lengths = new int[count];
        _order = new int[count];
        _batches = new int[BatchCount];
        List<int> scratch = [];
        for (int i = 0; i < count; i++)
        {
            _lengths[i] = tokenizer.Encode(dataset.Texts[i], _tokens.AsSpan(i * length, length), scratch);
            CutTexts += _lengths[i] > length ? 1 : 0;
            _order[i] = i;
        }

        for (int i = 0; i < _batches.Length; i++)
        {
            _batches[i] = i;
        }
    }

    /// <inheritdoc/>
    public Shape SampleShape { get; }

    /// <inheritdoc/>
    public int ClassCount => _dataset.ClassNames.Count;

    /// <inheritdoc/>
    public int BatchCount { get; }

    /// <summary>The number of texts that are longer than there is room.</summary>
    public int CutTexts { get; }

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, string>> Settings =>
    [
        new("texts", string.Create(CultureInfo.InvariantCulture, $"{_dataset.Texts.Count} of {SampleShape[0]} tokens, {_batchSize} in a batch")),
        new("order", _random is null ? "as given" : string.Create(CultureInfo.InvariantCulture, $"shuffled by seed {_random.Seed}")),
    ];

    /// <inheritdoc/>
    public int CountOf(int batch)
    {
        if ((uint)batch >= (uint)BatchCount)
        {
            throw new ArgumentOutOfRangeException(nameof(batch), batch, $"There is no batch {batch}; expected 0 to {BatchCount - 1}.");
        }

        // In random order the small batch may be any; it is given out last all the same, so that counts do not depend on the epoch.
        return Math.Min(_batchSize, _order.Length - (batch * _batchSize));
    }

    /// <inheritdoc/>
    public void Fill(long epoch, int batch, Span<float> samples, Span<int> labels, Span<int> sampleIds = default)
    {
        int count = CountOf(batch);
        int length = SampleShape[0];
        if (samples.Length != count * length || labels.Length != count || (sampleIds.Length != 0 && sampleIds.Length != count))
        {
            throw new ArgumentException($"Room for {samples.Length} values, {labels.Length} labels and {sampleIds.Length} numbers was given; expected {count * length}, {count} and {count} or none.", nameof(samples));
        }

        Order(epoch);
        for (int i = 0; i < count; i++)
        {
            int index = _order[(_batches[batch] * _batchSize) + i];
            _tokens.AsSpan(index * length, length).CopyTo(samples.Slice(i * length, length));
            labels[i] = _dataset.Labels[index];
            if (sampleIds.Length != 0)
            {
                sampleIds[i] = index;
            }
        }
    }

    private void Order(long epoch)
    {
        if (_random is null || epoch == _orderEpoch)
        {
            return;
        }

        for (int i = 0; i < _order.Length; i++)
        {
            _order[i] = i;
        }

        _random.Stream("shuffle").Shuffle(_order, epoch);
        for (int start = 0; start < _order.Length; start += WindowBatches * _batchSize)
        {
            int end = Math.Min(_order.Length, start + (WindowBatches * _batchSize));
            Array.Sort(_order, start, end - start, Comparer<int>.Create((left, right) => _lengths[left] != _lengths[right] ? _lengths[left].CompareTo(_lengths[right]) : left.CompareTo(right)));
        }

        int full = _order.Length / _batchSize;
        for (int i = 0; i < _batches.Length; i++)
        {
            _batches[i] = i;
        }

        _random.Stream("batches").Shuffle(_batches.AsSpan(0, full), epoch);
        _orderEpoch = epoch;
    }
}
