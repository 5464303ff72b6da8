using System;
using System.Globalization;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// The confidence that each exit but the last asks for: a sample leaves at the first exit whose confidence is at least its threshold, and at
/// the last in any case. Immutable, and sound by construction: no value is NaN or negative.
/// </summary>
public sealed class ExitThresholds
{
    /// <summary>The threshold of an exit that nobody takes: no confidence reaches it.</summary>
    public const float Never = float.PositiveInfinity;

    private readonly float[] _values;

    /// <summary>Makes thresholds.</summary>
    /// <param name="values">One for each exit but the last, in order; 0 lets every sample leave, <see cref="Never"/> none.</param>
    /// <exception cref="ArgumentException">A value is NaN or negative.</exception>
    public ExitThresholds(params ReadOnlySpan<float> values)
    {
        for (int exit = 0; exit < values.Length; exit++)
        {
            CheckValue(values[exit], exit, nameof(values));
        }

        _values = values.ToArray();
    }

    /// <summary>The number of thresholds: exits − 1.</summary>
    public int Count => _values.Length;

    /// <summary>The thresholds, one for each exit but the last.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>The threshold of one exit.</summary>
    /// <param name="exit">From 0 to <see cref="Count"/>, exclusive.</param>
    public float this[int exit] => _values[exit];

    /// <summary>The same threshold for all exits.</summary>
    /// <param name="exits">The network's number of exits, the last included.</param>
    /// <param name="threshold">The threshold.</param>
    public static ExitThresholds Uniform(int exits, float threshold)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(exits, 1);
        float[] values = new float[exits - 1];
        Array.Fill(values, threshold);
        return new ExitThresholds(values);
    }

    /// <summary>Thresholds by which every sample leaves at one exit.</summary>
    /// <param name="exits">The network's number of exits, the last included.</param>
    /// <param name="exit">The exit, from 0.</param>
    public static ExitThresholds AlwaysAt(int exits, int exit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(exit);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(exit, exits);
        float[] values = new float[exits - 1];
        Array.Fill(values, Never);
        if (exit < values.Length)
        {
            values[exit] = 0f;
        }

        return new ExitThresholds(values);
    }

    /// <summary>All thresholds times a factor; a factor above 1 is stricter.</summary>
    /// <param name="strictness">Above 0 and finite.</param>
    public ExitThresholds Scale(float strictness)
    {
        CheckStrictness(strictness);
        float[] values = new float[_values.Length];
        for (int exit = 0; exit < values.Length; exit++)
        {
            values[exit] = _values[exit] * strictness;
        }

        return new ExitThresholds(values);
    }

    /// <summary>The exit that a sample takes.</summary>
    /// <param name="confidences">Its confidence at each exit, the last included.</param>
    /// <returns>From 0 to the number of exits, exclusive.</returns>
    public int ExitOf(ReadOnlySpan<float> confidences)
    {
        if (confidences.Length != _values.Length + 1)
        {
            throw new ArgumentException($"{confidences.Length} confidences were given for {_values.Length} thresholds; expected {_values.Length + 1}.", nameof(confidences));
        }

        int exit = 0;
        while (exit < _values.Length && !(confidences[exit] >= _values[exit]))
        {
            exit++;
        }

        return exit;
    }

    /// <summary>Whether no sample ever leaves earlier by these thresholds than by the others: each is at least as large.</summary>
    /// <param name="other">As many thresholds.</param>
    public bool IsAtLeastAsStrictAs(ExitThresholds other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Count != Count)
        {
            throw new ArgumentException($"{other.Count} thresholds were given to be compared with {Count}.", nameof(other));
        }

        for (int exit = 0; exit < _values.Length; exit++)
        {
            if (_values[exit] < other._values[exit])
            {
                return false;
            }
        }

        return true;
    }

    internal static void CheckValue(float value, int exit, string parameter)
    {
        if (!(value >= 0f))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The threshold of exit {exit} is {value}; expected 0 or more, and not NaN."), parameter);
        }
    }

    internal static void CheckStrictness(float strictness)
    {
        if (!(strictness > 0f && float.IsFinite(strictness)))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The strictness is {strictness}; expected a finite number above 0."), nameof(strictness));
        }
    }
}
