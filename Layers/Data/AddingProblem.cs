using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// The adding problem (Hochreiter and Schmidhuber, 1997, in the form of Campos et al., "Skip RNN", ICLR 2018, section 4.1): each step has a number from −½ to ½ and a
/// marker; one step of the first tenth and one of the second half are marked, and the answer is the sum of their numbers. Made from a seed, new at every epoch.
/// </summary>
/// <remarks>The sum, from −1 to 1, is given as the nearest of <see cref="ClassCount"/> even levels; what trains on it may read levels as numbers.</remarks>
public sealed class AddingProblem : IBatchSource
{
    private readonly RandomSource _random;
    private readonly int _length;
    private readonly int _batchSize;
    private readonly bool _isFixed;

    /// <summary>Makes the source.</summary>
    /// <param name="length">Steps of a sequence, at least 10.</param>
    /// <param name="batchSize">Sequences in a batch.</param>
    /// <param name="batches">Batches in an epoch.</param>
    /// <param name="seed">What the sequences are made from.</param>
    /// <param name="isFixed">Whether every epoch has the same sequences, as for validation.</param>
    /// <param name="levels">Levels of the sum, at least 2.</param>
    public AddingProblem(int length, int batchSize, int batches, ulong seed, bool isFixed = false, int levels = 101)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 10);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batches, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(levels, 2);
        _random = new RandomSource(seed);
        _length = length;
        _batchSize = batchSize;
        _isFixed = isFixed;
        BatchCount = batches;
        ClassCount = levels;
    }

    /// <inheritdoc/>
    public Shape SampleShape => new(_length, 2);

    /// <inheritdoc/>
    public int ClassCount { get; }

    /// <inheritdoc/>
    public int BatchCount { get; }

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, string>> Settings =>
        [new("adding problem", string.Create(CultureInfo.InvariantCulture, $"{_length} steps, {BatchCount} batches of {_batchSize}, seed {_random.Seed}, fixed {_isFixed}, {ClassCount} levels"))];

    /// <inheritdoc/>
    public int CountOf(int batch) => (uint)batch < (uint)BatchCount
        ? _batchSize
        : throw new ArgumentOutOfRangeException(nameof(batch), batch, $"There is no batch {batch}; expected 0 to {BatchCount - 1}.");

    /// <inheritdoc/>
    public void Fill(long epoch, int batch, Span<float> samples, Span<int> labels, Span<int> sampleIds = default)
    {
        if (samples.Length != (long)CountOf(batch) * _length * 2 || labels.Length != _batchSize)
        {
            throw new ArgumentException($"Room for {samples.Length} values and {labels.Length} labels was given; expected {(long)_batchSize * _length * 2} and {_batchSize}.", nameof(samples));
        }

        RandomStream numbers = _random.Stream("numbers");
        RandomStream places = _random.Stream("places");
        long step = _isFixed ? 0 : epoch;
        for (int i = 0; i < _batchSize; i++)
        {
            int id = (batch * _batchSize) + i;
            Span<float> sequence = samples.Slice(i * _length * 2, _length * 2);
            for (int t = 0; t < _length; t++)
            {
                sequence[2 * t] = numbers.Uniform(step, id, t) - 0.5f;
                sequence[(2 * t) + 1] = 0;
            }

            int first = places.Integer(_length / 10, step, id, 0);
            int second = (_length / 2) + places.Integer(_length - (_length / 2), step, id, 1);
            sequence[(2 * first) + 1] = 1;
            sequence[(2 * second) + 1] = 1;
            float sum = sequence[2 * first] + sequence[2 * second];
            labels[i] = Math.Clamp((int)MathF.Round((sum + 1) / 2 * (ClassCount - 1)), 0, ClassCount - 1);
            if (sampleIds.Length != 0)
            {
                sampleIds[i] = id;
            }
        }
    }
}
