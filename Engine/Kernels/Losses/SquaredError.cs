using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Losses;

/// <summary>(x − t)².</summary>
internal readonly struct SquaredError : IElementLoss
{
    public Vector<float> Value(Vector<float> x, Vector<float> t) => (x - t) * (x - t);

    public Vector<float> Slope(Vector<float> x, Vector<float> t) => new Vector<float>(2f) * (x - t);

    public Vector<float> TargetSlope(Vector<float> x, Vector<float> t) => new Vector<float>(2f) * (t - x);

    public T Reference<T>(T x, T t)
        where T : IFloatingPointIeee754<T> => (x - t) * (x - t);
}
