using System;
using System.Numerics;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Mixing;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>One sample's mixture of weights, cut into parts of elements; no cut changes a bit.</summary>
internal struct MixWork : IParallelWork
{
    private const long MacsPerPart = 1L << 17;

    private Tensor _coefficients;
    private Tensor _experts;
    private Tensor _target;
    private int _parts;

    /// <summary>Mixes on the context's threads.</summary>
    /// <param name="context">The context.</param>
    /// <param name="coefficients">One factor for each expert.</param>
    /// <param name="experts">The weights, interleaved by <see cref="ExpertMix"/>.</param>
    /// <param name="target">The mixture.</param>
    public static void Run(Context context, Tensor coefficients, Tensor experts, Tensor target)
    {
        MixWork work = default;
        work._coefficients = coefficients;
        work._experts = experts;
        work._target = target;
        work._parts = (int)Math.Clamp((long)coefficients.Count * target.Count / MacsPerPart, 1, context.Workers.Threads);
        context.Workers.Run(work._parts, in work);
    }

    /// <inheritdoc/>
    public readonly void Execute(int part)
    {
        int start = Start(part);
        int end = part + 1 == _parts ? _target.Count : Start(part + 1);
        ExpertMix.Mix(_coefficients.Span, _experts.Span, _target.Count, start, _target.Span[start..end]);
    }

    private readonly int Start(int part) => (int)((long)_target.Count * part / _parts) / Vector<float>.Count * Vector<float>.Count;
}
