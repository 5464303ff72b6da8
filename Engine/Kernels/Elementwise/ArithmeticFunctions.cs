using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Elementwise;

/// <summary>a + b.</summary>
internal readonly struct AddFunction : IPairFunction
{
    public Vector<float> Value(Vector<float> a, Vector<float> b) => a + b;

    public Vector<float> LeftGradient(Vector<float> gradient, Vector<float> a, Vector<float> b) => gradient;

    public Vector<float> RightGradient(Vector<float> gradient, Vector<float> a, Vector<float> b) => gradient;

    public T Reference<T>(T a, T b)
        where T : IFloatingPointIeee754<T> => a + b;
}

/// <summary>a − b.</summary>
internal readonly struct SubtractFunction : IPairFunction
{
    public Vector<float> Value(Vector<float> a, Vector<float> b) => a - b;

    public Vector<float> LeftGradient(Vector<float> gradient, Vector<float> a, Vector<float> b) => gradient;

    public Vector<float> RightGradient(Vector<float> gradient, Vector<float> a, Vector<float> b) => -gradient;

    public T Reference<T>(T a, T b)
        where T : IFloatingPointIeee754<T> => a - b;
}

/// <summary>a · b.</summary>
internal readonly struct MultiplyFunction : IPairFunction
{
    public Vector<float> Value(Vector<float> a, Vector<float> b) => a * b;

    public Vector<float> LeftGradient(Vector<float> gradient, Vector<float> a, Vector<float> b) => gradient * b;

    public Vector<float> RightGradient(Vector<float> gradient, Vector<float> a, Vector<float> b) => gradient * a;

    public T Reference<T>(T a, T b)
        where T : IFloatingPointIeee754<T> => a * b;
}

/// <summary>a / b.</summary>
internal readonly struct DivideFunction : IPairFunction
{
    public Vector<float> Value(Vector<float> a, Vector<float> b) => a / b;

    public Vector<float> LeftGradient(Vector<float> gradient, Vector<float> a, Vector<float> b) => gradient / b;

    public Vector<float> RightGradient(Vector<float> gradient, Vector<float> a, Vector<float> b) => -(gradient / b) * (a / b);

    public T Reference<T>(T a, T b)
        where T : IFloatingPointIeee754<T> => a / b;
}

/// <summary>The larger one, or NaN if one is; where both are equal each gets half of the gradient.</summary>
internal readonly struct MaximumFunction : IPairFunction
{
    // A NaN on the right compares as not less, so it is taken by "not (a ≥ b)"; one on the left must be asked for.
    public Vector<float> Value(Vector<float> a, Vector<float> b) =>
        Vector.ConditionalSelect(Vector.GreaterThanOrEqual(a, b) | ~Vector.Equals(a, a), a, b);

    public Vector<float> LeftGradient(Vector<float> gradient, Vector<float> a, Vector<float> b) => gradient * Share(a, b);

    public Vector<float> RightGradient(Vector<float> gradient, Vector<float> a, Vector<float> b) => gradient * Share(b, a);

    public T Reference<T>(T a, T b)
        where T : IFloatingPointIeee754<T> => T.IsNaN(a) || a >= b ? a : b;

    internal static Vector<float> Share(Vector<float> large, Vector<float> small) => Vector.ConditionalSelect(
        Vector.GreaterThan(large, small),
        Vector<float>.One,
        Vector.ConditionalSelect(Vector.Equals(large, small), new Vector<float>(0.5f), Vector<float>.Zero));
}

/// <summary>The smaller one, or NaN if one is; where both are equal each gets half of the gradient.</summary>
internal readonly struct MinimumFunction : IPairFunction
{
    public Vector<float> Value(Vector<float> a, Vector<float> b) =>
        Vector.ConditionalSelect(Vector.LessThanOrEqual(a, b) | ~Vector.Equals(a, a), a, b);

    public Vector<float> LeftGradient(Vector<float> gradient, Vector<float> a, Vector<float> b) => gradient * MaximumFunction.Share(b, a);

    public Vector<float> RightGradient(Vector<float> gradient, Vector<float> a, Vector<float> b) => gradient * MaximumFunction.Share(a, b);

    public T Reference<T>(T a, T b)
        where T : IFloatingPointIeee754<T> => T.IsNaN(a) || a <= b ? a : b;
}

/// <summary>a · m, and 0 wherever m is 0, also where a is infinite or no number: what is masked was not computed.</summary>
internal readonly struct MaskFunction : IPairFunction
{
    public Vector<float> Value(Vector<float> a, Vector<float> b) =>
        Vector.ConditionalSelect(Vector.Equals(b, Vector<float>.Zero), Vector<float>.Zero, a * b);

    public Vector<float> LeftGradient(Vector<float> gradient, Vector<float> a, Vector<float> b) => Value(gradient, b);

    public Vector<float> RightGradient(Vector<float> gradient, Vector<float> a, Vector<float> b) => gradient * a;

    public T Reference<T>(T a, T b)
        where T : IFloatingPointIeee754<T> => b == T.Zero ? T.Zero : a * b;
}
