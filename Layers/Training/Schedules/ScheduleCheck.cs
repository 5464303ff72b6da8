using System;

namespace ManagedDyn.Layers.Training.Schedules;

/// <summary>Checks the settings of schedules.</summary>
internal static class ScheduleCheck
{
    public static double Rate(double value, string name) =>
        value >= 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(name, value, "Expected a learning rate of 0 or more.");

    public static long Steps(long value, string name) =>
        value >= 1 ? value : throw new ArgumentOutOfRangeException(name, value, "Expected 1 step or more.");

    /// <summary>How much of a span of steps is behind, from 0 to 1.</summary>
    public static double Progress(long step, long steps) => Math.Clamp((double)step / steps, 0, 1);

    /// <summary>From one value to another along half a cosine wave.</summary>
    public static double Cosine(double from, double to, double progress) => to + ((from - to) * 0.5 * (1 + Math.Cos(Math.PI * progress)));
}
