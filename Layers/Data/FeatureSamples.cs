using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Sequences of features, [steps, features], of unequal lengths: steps of zeros behind the end are padding. A step that is all zeros itself gets a first feature of
/// <see cref="NotPadding"/>, so that it is not taken for it.
/// </summary>
public sealed class FeatureSamples : SampleSet
{
    /// <summary>What stands for zero in the first feature of a step of zeros.</summary>
    public const float NotPadding = 1e-30f;

    private readonly float[][] _sequences;
    private readonly int[] _labels;
    private readonly string _settings;
    private readonly RandomSource? _random;

    /// <summary>Wraps sequences.</summary>
    /// <param name="steps">The most steps of a sequence; the rest is cut off.</param>
    /// <param name="features">Features of a step.</param>
    /// <param name="sequences">Each [steps of its own, features], at least one step.</param>
    /// <param name="labels">One a sequence, numbers of classes.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <param name="settings">What the values depend on besides the source, for checkpoints.</param>
    /// <exception cref="ArgumentException">Lengths or labels do not fit, or a value is NaN or infinite.</exception>
    public FeatureSamples(int steps, int features, IReadOnlyList<float[]> sequences, IReadOnlyList<int> labels, IReadOnlyList<string> classNames, string settings = "")
        : this(steps, features, Checked(steps, features, sequences), [.. labels], [.. classNames], settings, null)
    {
        if (labels.Count != sequences.Count)
        {
            throw new ArgumentException($"{labels.Count} labels were given for {sequences.Count} sequences; expected one a sequence.", nameof(labels));
        }

        foreach (int label in labels)
        {
            if ((uint)label >= (uint)classNames.Count)
            {
                throw new ArgumentException($"A label is {label}; expected 0 to {classNames.Count - 1}.", nameof(labels));
            }
        }
    }

    private FeatureSamples(int steps, int features, float[][] sequences, int[] labels, IReadOnlyList<string> classNames, string settings, RandomSource? random)
    {
        SampleShape = new Shape(steps, features);
        _sequences = sequences;
        _labels = labels;
        ClassNames = classNames;
        _settings = settings;
        _random = random;
    }

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; }

    /// <inheritdoc/>
    public override int Count => _sequences.Length;

    /// <inheritdoc/>
    public override bool HasLengths => true;

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Settings => [new("features", _settings), new("variation", _random is null ? "none" : string.Create(CultureInfo.InvariantCulture, $"seed {_random.Seed}"))];

    private int Features => SampleShape[1];

    /// <summary>The same sequences, varied anew in every epoch for training: begun a little later, all features raised or lowered, and some steps and features in a row left at 0.</summary>
    /// <param name="random">The seed.</param>
    public FeatureSamples Varied(RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return new FeatureSamples(SampleShape[0], Features, _sequences, _labels, ClassNames, _settings, random);
    }

    /// <inheritdoc/>
    public override int Label(int index) => _labels[index];

    /// <inheritdoc/>
    public override int Length(int index) => Math.Min(SampleShape[0], _sequences[index].Length / Features);

    /// <inheritdoc/>
    public override void Read(int index, Span<float> destination)
    {
        Check(index, destination.Length);
        ReadOnlySpan<float> values = _sequences[index].AsSpan(0, Length(index) * Features);
        values.CopyTo(destination);
        destination[values.Length..].Clear();
        Mark(destination[..values.Length], Features);
    }

    /// <inheritdoc/>
    public override int Draw(long epoch, int index, Span<float> destination)
    {
        if (_random is null)
        {
            return base.Draw(epoch, index, destination);
        }

        Check(index, destination.Length);
        FeatureVariation.Draw(_random.Stream("variation"), epoch, index, _sequences[index], Features, destination);
        return _labels[index];
    }

    /// <summary>Marks steps of zeros.</summary>
    internal static void Mark(Span<float> values, int features)
    {
        for (int start = 0; start < values.Length; start += features)
        {
            if (values.Slice(start, features).IndexOfAnyExcept(0f) < 0)
            {
                values[start] = NotPadding;
            }
        }
    }

    private static float[][] Checked(int steps, int features, IReadOnlyList<float[]> sequences)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        for (int i = 0; i < sequences.Count; i++)
        {
            if (sequences[i].Length == 0 || sequences[i].Length % features != 0)
            {
                throw new ArgumentException($"Sequence {i} has {sequences[i].Length} values; expected a multiple of {features}, at least one step.", nameof(sequences));
            }

            foreach (float value in sequences[i])
            {
                if (!float.IsFinite(value))
                {
                    throw new ArgumentException($"Sequence {i} holds {value}; expected finite numbers.", nameof(sequences));
                }
            }
        }

        return [.. sequences];
    }
}
