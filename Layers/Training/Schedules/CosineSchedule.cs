using System;

namespace ManagedDyn.Layers.Training.Schedules;

/// <summary>
/// A rate that falls along half a cosine wave (Loshchilov and Hutter, "SGDR", ICLR 2017, without restarts):
/// floor + (rate − floor)·(1 + cos(π·step/steps))/2, and the floor from then on.
/// </summary>
/// <param name="rate">The first rate.</param>
/// <param name="steps">After how many steps the floor is reached.</param>
/// <param name="floor">The last rate.</param>
public sealed class CosineSchedule(double rate, long steps, double floor = 0) : Schedule
{
    private readonly double _rate = ScheduleCheck.Rate(rate, nameof(rate));
    private readonly long _steps = ScheduleCheck.Steps(steps, nameof(steps));
    private readonly double _floor = ScheduleCheck.Rate(floor, nameof(floor));

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"cosine(rate={_rate:R}, steps={_steps}, floor={_floor:R})");

    /// <inheritdoc/>
    public override float Rate(long step) => (float)ScheduleCheck.Cosine(_rate, _floor, ScheduleCheck.Progress(step, _steps));
}
