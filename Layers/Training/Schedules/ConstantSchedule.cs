using System;

namespace ManagedDyn.Layers.Training.Schedules;

/// <summary>The same rate at every step.</summary>
/// <param name="rate">The rate.</param>
public sealed class ConstantSchedule(double rate) : Schedule
{
    private readonly double _rate = ScheduleCheck.Rate(rate, nameof(rate));

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"constant(rate={_rate:R})");

    /// <inheritdoc/>
    public override float Rate(long step) => (float)_rate;
}
