using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Losses;

/// <summary>A loss of one prediction and one target, lane by lane. Implement it as a readonly struct: loops are compiled for it.</summary>
public interface IElementLoss
{
    /// <summary>The loss.</summary>
    /// <param name="x">Predictions.</param>
    /// <param name="t">Targets.</param>
    Vector<float> Value(Vector<float> x, Vector<float> t);

    /// <summary>Its derivative by the prediction.</summary>
    /// <param name="x">Predictions.</param>
    /// <param name="t">Targets.</param>
    Vector<float> Slope(Vector<float> x, Vector<float> t);

    /// <summary>Its derivative by the target.</summary>
    /// <param name="x">Predictions.</param>
    /// <param name="t">Targets.</param>
    Vector<float> TargetSlope(Vector<float> x, Vector<float> t);

    /// <summary>The loss by the plainest formula, in any precision.</summary>
    /// <typeparam name="T">The number type.</typeparam>
    /// <param name="x">The prediction.</param>
    /// <param name="t">The target.</param>
    T Reference<T>(T x, T t)
        where T : IFloatingPointIeee754<T>;
}
