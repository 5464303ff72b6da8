using System;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// What a prediction may cost: by confidence (leave when sure enough), by MACs for each sample, by time; or any of these together, where
/// whichever ends first does. The default value is <see cref="Full"/>.
/// </summary>
public readonly struct Budget
{
    private Budget(BudgetRule rule, float value, string? point, ExitThresholds? thresholds, long macsCap, TimeSpan time)
    {
        Rule = rule;
        Value = value;
        Point = point;
        Explicit = thresholds;
        MacsCap = macsCap;
        TimeLimit = time;
    }

    /// <summary>The whole network: every sample gets the last exit's answer.</summary>
    public static Budget Full => default;

    /// <summary>The most MACs for one sample; 0: no cap.</summary>
    public long MacsCap { get; }

    /// <summary>The time for the whole call; zero: no limit.</summary>
    public TimeSpan TimeLimit { get; }

    internal BudgetRule Rule { get; }

    // The uniform threshold, or the strictness by which a point's thresholds are multiplied.
    internal float Value { get; }

    internal string? Point { get; }

    internal ExitThresholds? Explicit { get; }

    /// <summary>Leave at the first exit whose confidence is at least one threshold, the same for all exits.</summary>
    /// <param name="threshold">0 or more; on the scale of the model's criterion.</param>
    /// <exception cref="ArgumentException">It is NaN or negative.</exception>
    public static Budget Confidence(float threshold)
    {
        ExitThresholds.CheckValue(threshold, 0, nameof(threshold));
        return new Budget(BudgetRule.Uniform, threshold, null, null, 0, TimeSpan.Zero);
    }

    /// <summary>Leave by thresholds of one's own.</summary>
    /// <param name="thresholds">One for each exit of the model but the last.</param>
    public static Budget Thresholds(ExitThresholds thresholds)
    {
        ArgumentNullException.ThrowIfNull(thresholds);
        return new Budget(BudgetRule.Explicit, 1f, null, thresholds, 0, TimeSpan.Zero);
    }

    /// <summary>Leave by the thresholds that the model was calibrated with: its first operating point.</summary>
    /// <param name="strictness">A factor on the thresholds; above 1 samples leave later.</param>
    public static Budget Calibrated(float strictness = 1f)
    {
        ExitThresholds.CheckStrictness(strictness);
        return new Budget(BudgetRule.Point, strictness, null, null, 0, TimeSpan.Zero);
    }

    /// <summary>Leave by the thresholds of one of the model's operating points.</summary>
    /// <param name="point">The point's name.</param>
    /// <param name="strictness">A factor on the thresholds; above 1 samples leave later.</param>
    public static Budget AtPoint(string point, float strictness = 1f)
    {
        ArgumentException.ThrowIfNullOrEmpty(point);
        ExitThresholds.CheckStrictness(strictness);
        return new Budget(BudgetRule.Point, strictness, point, null, 0, TimeSpan.Zero);
    }

    /// <summary>As many stages as a number of MACs pays for, for each sample.</summary>
    /// <param name="cap">At least what the model's first exit takes.</param>
    public static Budget Macs(long cap) => Full.WithMacs(cap);

    /// <summary>
    /// The best answer that is ready when the time is up: a stage is begun only if it will end in time, as far as the session has learned how
    /// long stages take on this machine. The first exit is always run, also when that takes longer.
    /// </summary>
    /// <param name="time">The time from the call on, for all its samples together.</param>
    public static Budget Deadline(TimeSpan time) => Full.WithDeadline(time);

    /// <summary>This budget and a cap on the MACs of each sample.</summary>
    /// <param name="cap">At least what the model's first exit takes.</param>
    public Budget WithMacs(long cap)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cap);
        return new Budget(Rule, Value, Point, Explicit, cap, TimeLimit);
    }

    /// <summary>This budget and a time limit.</summary>
    /// <param name="time">The time from the call on, for all its samples together.</param>
    public Budget WithDeadline(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(time, TimeSpan.Zero);
        return new Budget(Rule, Value, Point, Explicit, MacsCap, time);
    }

    /// <summary>The thresholds of a model that the budget means; empty: nobody is ever sure enough.</summary>
    /// <param name="model">The model.</param>
    /// <param name="thresholds">Takes them, one for each exit but the last.</param>
    internal ReadOnlySpan<float> Resolve(Model model, float[] thresholds)
    {
        ReadOnlySpan<float> source = default;
        switch (Rule)
        {
            case BudgetRule.None:
                return [];
            case BudgetRule.Uniform:
                thresholds.AsSpan().Fill(Value);
                return thresholds;
            case BudgetRule.Explicit:
                source = Explicit!.Values;
                break;
            case BudgetRule.Point:
                source = model.FindPoint(Point).Thresholds.Values;
                break;
        }

        if (source.Length != thresholds.Length)
        {
            throw new ArgumentException($"The budget has {source.Length} thresholds; expected {thresholds.Length}, one for each exit but the last.", "budget");
        }

        for (int exit = 0; exit < thresholds.Length; exit++)
        {
            thresholds[exit] = source[exit] * Value;
        }

        return thresholds;
    }
}
