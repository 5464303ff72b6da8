using System;

namespace ManagedDyn.Layers.Training.Schedules;

/// <summary>
/// One cycle (Smith and Topin, "Super-convergence", 2017, in PyTorch's two-phase cosine form): the rate rises from peak/rise to the peak
/// and falls to peak/(rise·fall), both along half a cosine wave.
/// </summary>
public sealed class OneCycleSchedule : Schedule
{
    private readonly double _peak;
    private readonly long _steps;
    private readonly double _share;
    private readonly double _rise;
    private readonly double _fall;

    /// <summary>Makes the schedule.</summary>
    /// <param name="peak">The largest rate.</param>
    /// <param name="steps">The length of the cycle.</param>
    /// <param name="share">The share of the steps in which the rate rises, above 0 and below 1.</param>
    /// <param name="rise">How much larger the peak is than the first rate, at least 1.</param>
    /// <param name="fall">How much larger the first rate is than the last, at least 1.</param>
    public OneCycleSchedule(double peak, long steps, double share = 0.3, double rise = 25, double fall = 1e4)
    {
        if (!(share > 0 && share < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(share), share, "Expected a share above 0 and below 1.");
        }

        if (!(rise >= 1 && double.IsFinite(rise)))
        {
            throw new ArgumentOutOfRangeException(nameof(rise), rise, "Expected a ratio of 1 or more.");
        }

        if (!(fall >= 1 && double.IsFinite(fall)))
        {
            throw new ArgumentOutOfRangeException(nameof(fall), fall, "Expected a ratio of 1 or more.");
        }

        _peak = ScheduleCheck.Rate(peak, nameof(peak));
        _steps = ScheduleCheck.Steps(steps, nameof(steps));
        _share = share;
        _rise = rise;
        _fall = fall;
    }

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"one-cycle(peak={_peak:R}, steps={_steps}, share={_share:R}, rise={_rise:R}, fall={_fall:R})");

    /// <inheritdoc/>
    public override float Rate(long step)
    {
        double first = _peak / _rise;
        double last = _steps - 1;
        double top = Math.Clamp((_share * _steps) - 1, 0, last);
        double at = Math.Min(step, last);
        if (at < top)
        {
            return (float)ScheduleCheck.Cosine(first, _peak, at / top);
        }

        return (float)(last == top ? _peak : ScheduleCheck.Cosine(_peak, first / _fall, (at - top) / (last - top)));
    }
}
