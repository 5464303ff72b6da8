using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Mixing;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// The gradients of a mixture m[n] = Σ over e of a[n, e] · w[e], given those of m: ∂a[n, e] += ⟨∂m[n], w[e]⟩ and ∂w[e] (+)= Σ over n of a[n, e] · ∂m[n]. One
/// part a pair of sample and expert, then one a stretch of elements of an expert; the cuts are fixed.
/// </summary>
internal struct MixGradientWork : IParallelWork
{
    private const int Stretch = 4096;

    private Tensor _coefficients;
    private Tensor _experts;
    private Tensor _gradient;
    private Tensor _coefficientTarget;
    private Tensor _expertTarget;
    private bool _accumulates;
    private int _pairs;
    private int _stretches;

    /// <summary>Computes the gradients on the context's threads.</summary>
    /// <param name="context">The context.</param>
    /// <param name="coefficients">a, [N, experts].</param>
    /// <param name="experts">w, [experts, …].</param>
    /// <param name="gradient">∂m, [N, elements of an expert].</param>
    /// <param name="coefficientTarget">∂a, added to; no tensor: not asked for.</param>
    /// <param name="expertTarget">∂w, of w's shape; no tensor: not asked for.</param>
    /// <param name="accumulate">Whether ∂w is added to.</param>
    public static void Run(
        Context context, Tensor coefficients, Tensor experts, Tensor gradient, Tensor coefficientTarget, Tensor expertTarget, bool accumulate)
    {
        MixGradientWork work = default;
        work._coefficients = coefficients;
        work._experts = experts;
        work._gradient = gradient;
        work._coefficientTarget = coefficientTarget;
        work._expertTarget = expertTarget;
        work._accumulates = accumulate;
        work._pairs = coefficientTarget.Exists ? coefficients.Count : 0;
        work._stretches = (work.Length + Stretch - 1) / Stretch;
        int parts = work._pairs + (expertTarget.Exists ? work.Experts * work._stretches : 0);
        if (parts > 0)
        {
            context.Workers.Run(parts, in work);
        }
    }

    private readonly int Experts => _coefficients.Shape[1];

    private readonly int Length => _experts.Shape.ProductFrom(1);

    /// <inheritdoc/>
    public readonly void Execute(int part)
    {
        if (part < _pairs)
        {
            (int sample, int expert) = (part / Experts, part % Experts);
            _coefficientTarget.Span[part] += ExpertMix.Dot(_gradient.Span.Slice(sample * Length, Length), _experts.Span.Slice(expert * Length, Length));
            return;
        }

        int row = (part - _pairs) / _stretches;
        int from = (part - _pairs) % _stretches * Stretch;
        int count = Math.Min(Stretch, Length - from);
        int samples = _coefficients.Shape[0];
        ExpertMix.AddRows(
            _coefficients.Span[row..], Experts, _gradient.Span[..(samples * Length)], samples, Length, from,
            _expertTarget.Span.Slice((row * Length) + from, count), _accumulates);
    }
}
