using System;
using System.Globalization;

namespace ManagedDyn.Layers.Decisions.Relaxations;

/// <summary>
/// A number that changes while a network is trained, such as a temperature: from its first value at the beginning to its last when a share of
/// training is over, and constant from then on. Outside of training it has its last value.
/// </summary>
public readonly record struct Annealing
{
    /// <summary>Makes a number that changes.</summary>
    /// <param name="from">The value at the beginning, finite.</param>
    /// <param name="to">The value at the end, finite.</param>
    /// <param name="until">The share of training after which the last value is reached, above 0 and at most 1.</param>
    /// <param name="isGeometric">Whether equal shares of training change it by equal factors (both values are above 0 then) and not by equal amounts.</param>
    public Annealing(float from, float to, float until = 1, bool isGeometric = false)
    {
        if (!float.IsFinite(from) || !float.IsFinite(to) || (isGeometric && !(from > 0 && to > 0)))
        {
            throw new ArgumentOutOfRangeException(nameof(from), from, FormattableString.Invariant($"A number was to go from {from} to {to}; expected finite numbers{(isGeometric ? " above 0" : string.Empty)}."));
        }

        if (!(until > 0 && until <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(until), until, "Expected a share of training above 0 and at most 1.");
        }

        From = from;
        To = to;
        Until = until;
        IsGeometric = isGeometric;
    }

    /// <summary>The value at the beginning.</summary>
    public float From { get; }

    /// <summary>The value at the end.</summary>
    public float To { get; }

    /// <summary>The share of training after which the last value is reached.</summary>
    public float Until { get; }

    /// <summary>Whether equal shares of training change it by equal factors.</summary>
    public bool IsGeometric { get; }

    /// <summary>A number that does not change.</summary>
    /// <param name="value">The number.</param>
    public static Annealing Constant(float value) => new(value, value);

    /// <summary>The value at a time.</summary>
    /// <param name="progress">The share of training that is over, as <see cref="Engine.Execution.Context.Progress"/> tells.</param>
    public float At(double progress)
    {
        if (From == To || progress >= Until)
        {
            return To;
        }

        double share = Math.Max(0, progress / Until);
        return (float)(IsGeometric ? From * Math.Pow((double)To / From, share) : From + (share * ((double)To - From)));
    }

    /// <summary>The number, or its way.</summary>
    public override string ToString() => From == To
        ? From.ToString("R", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{From:R}→{To:R} by {Until:R}");
}
