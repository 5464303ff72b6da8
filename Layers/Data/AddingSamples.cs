using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>The <see cref="AddingProblem"/> as a set of samples: training draws new ones in every epoch, and what is read stays the same.</summary>
public sealed class AddingSamples : SampleSet
{
    private readonly AddingProblem _problem;
    private readonly int[] _labels;
    private readonly string[] _levels;

    /// <summary>Makes the set.</summary>
    /// <param name="length">Steps of a sequence, at least 10.</param>
    /// <param name="count">Sequences in the set, at least 1.</param>
    /// <param name="seed">What they are made from.</param>
    /// <param name="levels">Levels of the sum, at least 2.</param>
    public AddingSamples(int length, int count, ulong seed, int levels = 101)
    {
        _problem = new AddingProblem(length, 1, count, seed, isFixed: false, levels);
        _labels = new int[count];
        float[] sequence = new float[2 * length];
        for (int i = 0; i < count; i++)
        {
            _problem.Fill(0, i, sequence, _labels.AsSpan(i, 1));
        }

        _levels = new string[levels];
        for (int i = 0; i < levels; i++)
        {
            _levels[i] = (((2.0 * i) / (levels - 1)) - 1).ToString("F2", CultureInfo.InvariantCulture);
        }
    }

    /// <inheritdoc/>
    public override Shape SampleShape => _problem.SampleShape;

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames => _levels;

    /// <inheritdoc/>
    public override int Count => _labels.Length;

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Settings => _problem.Settings;

    /// <inheritdoc/>
    public override int Label(int index) => _labels[index];

    /// <inheritdoc/>
    public override void Read(int index, Span<float> destination) => Draw(0, index, destination);

    /// <inheritdoc/>
    public override int Draw(long epoch, int index, Span<float> destination)
    {
        Check(index, destination.Length);
        Span<int> label = stackalloc int[1];
        _problem.Fill(epoch, index, destination, label);
        return label[0];
    }

    /// <summary>The data set of sequences of a length: training, validation and test parts of seeds of their own.</summary>
    /// <param name="length">Steps of a sequence, at least 10.</param>
    /// <param name="options">The numbers of training and test sequences and the seed.</param>
    public static ReadySplits Open(int length, DatasetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        int test = options.BuiltInTestCount;
        ulong seed = options.BuiltInSeed * 3;
        return new ReadySplits(new SampleSplits(
            "adding",
            new AddingSamples(length, options.BuiltInTrainingCount, seed),
            new AddingSamples(length, Math.Max(1, test / 2), seed + 1),
            new AddingSamples(length, test, seed + 2))
        {
            Noun = "sequences",
            AreLevels = true,
        });
    }
}
