using System;
using System.Globalization;
using System.Text;

namespace ManagedDyn.Layers.Training.Schedules;

/// <summary>A rate that is multiplied by a factor at each of some milestones.</summary>
public sealed class StepSchedule : Schedule
{
    private readonly double _rate;
    private readonly double _factor;
    private readonly long[] _milestones;

    /// <summary>Makes the schedule.</summary>
    /// <param name="rate">The rate before the first milestone.</param>
    /// <param name="factor">What the rate is multiplied by, at least 0.</param>
    /// <param name="milestones">The steps from which a new rate holds, ascending.</param>
    public StepSchedule(double rate, double factor, params ReadOnlySpan<long> milestones)
    {
        _rate = ScheduleCheck.Rate(rate, nameof(rate));
        _factor = ScheduleCheck.Rate(factor, nameof(factor));
        for (int i = 1; i < milestones.Length; i++)
        {
            if (milestones[i] <= milestones[i - 1])
            {
                throw new ArgumentException($"Milestone {milestones[i]} follows {milestones[i - 1]}; expected ascending steps.", nameof(milestones));
            }
        }

        _milestones = milestones.ToArray();
    }

    /// <inheritdoc/>
    public override string Description
    {
        get
        {
            StringBuilder text = new(FormattableString.Invariant($"step(rate={_rate:R}, factor={_factor:R}"));
            foreach (long milestone in _milestones)
            {
                text.Append(CultureInfo.InvariantCulture, $", {milestone}");
            }

            return text.Append(')').ToString();
        }
    }

    /// <inheritdoc/>
    public override float Rate(long step)
    {
        double rate = _rate;
        foreach (long milestone in _milestones)
        {
            rate *= step >= milestone ? _factor : 1;
        }

        return (float)rate;
    }
}
