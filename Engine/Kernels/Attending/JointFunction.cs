using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.Elementwise;

namespace ManagedDyn.Engine.Kernels.Attending;

/// <summary>y = x · (1 + σ(c + s)), or y = x · (1 + σ(c · s)), with c for the channel and s for the pixel.</summary>
/// <param name="multiplies">Whether c and s are multiplied instead of added.</param>
internal readonly struct JointFunction(bool multiplies) : IChannelFunction
{
    private readonly bool _multiplies = multiplies;

    public Vector<float> Value(Vector<float> x, Vector<float> weight, ReadOnlySpan<Vector<float>> parameters) =>
        Vector.MultiplyAddEstimate(x, Gate(weight, parameters[0]), x);

    public Vector<float> Gradient(
        Vector<float> x, Vector<float> weight, ReadOnlySpan<Vector<float>> parameters, Vector<float> gradient, Span<Vector<float>> sums, out Vector<float> weightGradient)
    {
        Vector<float> gate = Gate(weight, parameters[0]);
        Vector<float> inner = gradient * x * (gate * (Vector<float>.One - gate));
        sums[0] += _multiplies ? inner * weight : inner;
        weightGradient = _multiplies ? inner * parameters[0] : inner;
        return Vector.MultiplyAddEstimate(gradient, gate, gradient);
    }

    public T Reference<T>(T x, T weight, ReadOnlySpan<T> parameters)
        where T : IFloatingPointIeee754<T>
    {
        T inner = _multiplies ? parameters[0] * weight : parameters[0] + weight;
        return x * (T.One + (T.One / (T.One + T.Exp(-inner))));
    }

    private Vector<float> Gate(Vector<float> weight, Vector<float> channel) => VectorMath.Sigmoid(_multiplies ? channel * weight : channel + weight);
}
