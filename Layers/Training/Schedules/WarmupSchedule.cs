using System;

namespace ManagedDyn.Layers.Training.Schedules;

/// <summary>
/// Lets a rate rise linearly to where another schedule starts, and goes on with that one (Goyal et al., 2017):
/// first(0)·(start + (1 − start)·step/steps) for step &lt; steps, then first(step − steps).
/// </summary>
public sealed class WarmupSchedule : Schedule
{
    private readonly Schedule _next;
    private readonly long _steps;
    private readonly double _start;

    /// <summary>Makes the schedule.</summary>
    /// <param name="next">What follows; it counts its steps from the end of the warm-up.</param>
    /// <param name="steps">The length of the warm-up.</param>
    /// <param name="start">The share of the rate that the warm-up starts with, from 0 to 1.</param>
    public WarmupSchedule(Schedule next, long steps, double start = 0.01)
    {
        ArgumentNullException.ThrowIfNull(next);
        if (!(start >= 0 && start <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(start), start, "Expected a share from 0 to 1.");
        }

        _next = next;
        _steps = ScheduleCheck.Steps(steps, nameof(steps));
        _start = start;
    }

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"warmup(steps={_steps}, start={_start:R}, {_next.Description})");

    /// <inheritdoc/>
    public override float Rate(long step) =>
        step >= _steps ? _next.Rate(step - _steps) : (float)(_next.Rate(0) * (_start + ((1 - _start) * step / _steps)));
}
