using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Attending;

/// <summary>y = (x · a) · s with a factor a for the channel, or y = x · s without parameters.</summary>
internal readonly struct ScaleFunction : IChannelFunction
{
    public Vector<float> Value(Vector<float> x, Vector<float> weight, ReadOnlySpan<Vector<float>> parameters) =>
        parameters.IsEmpty ? x * weight : x * parameters[0] * weight;

    public Vector<float> Gradient(
        Vector<float> x, Vector<float> weight, ReadOnlySpan<Vector<float>> parameters, Vector<float> gradient, Span<Vector<float>> sums, out Vector<float> weightGradient)
    {
        Vector<float> weighted = gradient * weight;
        if (parameters.IsEmpty)
        {
            weightGradient = gradient * x;
            return weighted;
        }

        sums[0] = Vector.MultiplyAddEstimate(weighted, x, sums[0]);
        weightGradient = gradient * (x * parameters[0]);
        return weighted * parameters[0];
    }

    public T Reference<T>(T x, T weight, ReadOnlySpan<T> parameters)
        where T : IFloatingPointIeee754<T> => parameters.IsEmpty ? x * weight : x * parameters[0] * weight;
}
