using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.Elementwise;

namespace ManagedDyn.Engine.Kernels.Attending;

/// <summary>y = d · σ(β d) + p₂ x with d = (p₁ − p₂) x: a smooth maximum of p₁ x and p₂ x. The parameters are p₁, p₂ and β; the pixel has no say.</summary>
internal readonly struct AconFunction : IChannelFunction
{
    public Vector<float> Value(Vector<float> x, Vector<float> weight, ReadOnlySpan<Vector<float>> parameters)
    {
        Vector<float> d = (parameters[0] - parameters[1]) * x;
        return Vector.MultiplyAddEstimate(d, VectorMath.Sigmoid(parameters[2] * d), parameters[1] * x);
    }

    public Vector<float> Gradient(
        Vector<float> x, Vector<float> weight, ReadOnlySpan<Vector<float>> parameters, Vector<float> gradient, Span<Vector<float>> sums, out Vector<float> weightGradient)
    {
        Vector<float> difference = parameters[0] - parameters[1];
        Vector<float> d = difference * x;
        Vector<float> gate = VectorMath.Sigmoid(parameters[2] * d);
        Vector<float> bend = d * (gate * (Vector<float>.One - gate));

        // ∂(d σ(β d))/∂d
        Vector<float> slope = Vector.MultiplyAddEstimate(parameters[2], bend, gate);
        Vector<float> weighted = gradient * x;
        sums[0] = Vector.MultiplyAddEstimate(weighted, slope, sums[0]);
        sums[1] = Vector.MultiplyAddEstimate(weighted, Vector<float>.One - slope, sums[1]);
        sums[2] = Vector.MultiplyAddEstimate(gradient * d, bend, sums[2]);
        weightGradient = Vector<float>.Zero;
        return gradient * Vector.MultiplyAddEstimate(slope, difference, parameters[1]);
    }

    public T Reference<T>(T x, T weight, ReadOnlySpan<T> parameters)
        where T : IFloatingPointIeee754<T>
    {
        T d = (parameters[0] - parameters[1]) * x;
        return (d / (T.One + T.Exp(-(parameters[2] * d)))) + (parameters[1] * x);
    }
}
