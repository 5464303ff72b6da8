using System;
using System.Diagnostics;
using System.Numerics;
using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Tool.Benchmarks;

/// <summary>
/// The most multiply-adds that the processor does in vectors of this build: independent chains in registers, no memory. What a layer reaches is
/// told as a share of it.
/// </summary>
public static class PeakMeter
{
    private const int Rounds = 2_000_000;
    private const int Chains = 12;
    private const int Turns = 5;

    /// <summary>Multiply-adds a second of all threads together, the best of some turns.</summary>
    public static double MultiplyAddsPerSecond(Workers workers)
    {
        ArgumentNullException.ThrowIfNull(workers);
        float[] results = new float[workers.Threads];
        double best = 0;
        for (int turn = 0; turn < Turns; turn++)
        {
            long started = Stopwatch.GetTimestamp();
            workers.Run(workers.Threads, new Spin(results));
            double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            best = Math.Max(best, (double)workers.Threads * Rounds * Chains * Vector<float>.Count / seconds);
        }

        return best;
    }

    private static float Chain(float start)
    {
        // The values stay near 1, so that no number gets slow; twelve chains hide the time of one multiply-add.
        Vector<float> factor = new(0.999_999f);
        Vector<float> term = new(1e-6f);
        Vector<float> a = new(start);
        Vector<float> b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, k = a, l = a;
        for (int round = 0; round < Rounds; round++)
        {
            a = Vector.MultiplyAddEstimate(a, factor, term);
            b = Vector.MultiplyAddEstimate(b, factor, term);
            c = Vector.MultiplyAddEstimate(c, factor, term);
            d = Vector.MultiplyAddEstimate(d, factor, term);
            e = Vector.MultiplyAddEstimate(e, factor, term);
            f = Vector.MultiplyAddEstimate(f, factor, term);
            g = Vector.MultiplyAddEstimate(g, factor, term);
            h = Vector.MultiplyAddEstimate(h, factor, term);
            i = Vector.MultiplyAddEstimate(i, factor, term);
            j = Vector.MultiplyAddEstimate(j, factor, term);
            k = Vector.MultiplyAddEstimate(k, factor, term);
            l = Vector.MultiplyAddEstimate(l, factor, term);
        }

        return Vector.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    private readonly struct Spin(float[] results) : IParallelWork
    {
        public void Execute(int part) => results[part] = Chain(1f + part);
    }
}
