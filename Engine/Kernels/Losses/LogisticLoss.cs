using System.Numerics;
using ManagedDyn.Engine.Kernels.Elementwise;

namespace ManagedDyn.Engine.Kernels.Losses;

/// <summary>
/// −t log σ(x) − (1 − t) log (1 − σ(x)) for a logit x, as max(x, 0) − x t + log(1 + exp(−|x|)), which neither overflows nor cancels.
/// </summary>
internal readonly struct LogisticLoss : IElementLoss
{
    public Vector<float> Value(Vector<float> x, Vector<float> t)
    {
        Vector<float> positive = Vector.ConditionalSelect(Vector.LessThan(x, Vector<float>.Zero), Vector<float>.Zero, x);
        return positive - (x * t) + VectorMath.LogOnePlus(VectorMath.Exp(-Vector.Abs(x)));
    }

    public Vector<float> Slope(Vector<float> x, Vector<float> t) => VectorMath.Sigmoid(x) - t;

    public Vector<float> TargetSlope(Vector<float> x, Vector<float> t) => -x;

    public T Reference<T>(T x, T t)
        where T : IFloatingPointIeee754<T> => (x < T.Zero ? T.Zero : x) - (x * t) + T.LogP1(T.Exp(-T.Abs(x)));
}
