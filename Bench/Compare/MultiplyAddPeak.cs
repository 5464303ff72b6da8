using System.Numerics;
using System.Runtime.CompilerServices;
using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Bench.Compare;

/// <summary>Multiply-adds on registers alone, the same number in each part: what threads could gain at most.</summary>
internal struct MultiplyAddPeak : IParallelWork
{
    private const int Steps = 100_000;

    public float[] Sums;

    public readonly void Execute(int part) => Sums[part * Vector<float>.Count * 8] = Chains(part);

    // Twelve chains: enough to fill the processor's pipelines.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float Chains(int seed)
    {
        Vector<float> x = new(0.999f + (seed * 1e-6f)), y = new(1e-3f);
        Vector<float> s0 = y, s1 = y, s2 = y, s3 = y, s4 = y, s5 = y, s6 = y, s7 = y, s8 = y, s9 = y, s10 = y, s11 = y;
        for (int i = 0; i < Steps; i++)
        {
            s0 = Vector.MultiplyAddEstimate(s0, x, y);
            s1 = Vector.MultiplyAddEstimate(s1, x, y);
            s2 = Vector.MultiplyAddEstimate(s2, x, y);
            s3 = Vector.MultiplyAddEstimate(s3, x, y);
            s4 = Vector.MultiplyAddEstimate(s4, x, y);
            s5 = Vector.MultiplyAddEstimate(s5, x, y);
            s6 = Vector.MultiplyAddEstimate(s6, x, y);
            s7 = Vector.MultiplyAddEstimate(s7, x, y);
            s8 = Vector.MultiplyAddEstimate(s8, x, y);
            s9 = Vector.MultiplyAddEstimate(s9, x, y);
            s10 = Vector.MultiplyAddEstimate(s10, x, y);
            s11 = Vector.MultiplyAddEstimate(s11, x, y);
        }

        return Vector.Sum(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11);
    }
}
