using System;
using System.Diagnostics;

namespace ManagedDyn.Bench.Compare;

/// <summary>Times several actions in turn, so that a disturbance or a change of clock hits all alike; reports medians.</summary>
internal static class Interleaved
{
    private const double RoundSeconds = 0.010;

    /// <summary>Medians of the time of one call, in milliseconds, in the order of the actions.</summary>
    public static double[] Medians(double seconds, params Action[] actions)
    {
        int[] calls = new int[actions.Length];
        for (int i = 0; i < actions.Length; i++)
        {
            calls[i] = WarmUp(actions[i]);
        }

        int rounds = 0;
        double[][] samples = new double[actions.Length][];
        for (int i = 0; i < samples.Length; i++)
        {
            samples[i] = new double[1024];
        }

        long start = Stopwatch.GetTimestamp();
        while (rounds < 1024 && (rounds < 5 || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds))
        {
            for (int i = 0; i < actions.Length; i++)
            {
                samples[i][rounds] = Time(actions[i], calls[i]);
            }

            rounds++;
        }

        double[] medians = new double[actions.Length];
        for (int i = 0; i < actions.Length; i++)
        {
            Array.Sort(samples[i], 0, rounds);
            medians[i] = samples[i][rounds / 2];
        }

        return medians;
    }

    // Enough calls and time for tier-1 code, which is made in the background after a while, and then as many a round as fill it.
    private static int WarmUp(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        int count = 0;
        while (count < 3 || (Stopwatch.GetElapsedTime(start).TotalSeconds is double seconds && (seconds < 0.25 || (count < 60 && seconds < 0.5))))
        {
            action();
            count++;
        }

        double each = Time(action, 1) / 1000;
        return Math.Max(1, (int)(RoundSeconds / Math.Max(each, 1e-7)));
    }

    private static double Time(Action action, int calls)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < calls; i++)
        {
            action();
        }

        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / calls;
    }
}
