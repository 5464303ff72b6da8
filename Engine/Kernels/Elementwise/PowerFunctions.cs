using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Elementwise;

/// <summary>eˣ.</summary>
internal readonly struct ExpFunction : IElementFunction
{
    public Vector<float> Value(Vector<float> x) => VectorMath.Exp(x);

    public Vector<float> Slope(Vector<float> x, Vector<float> y) => y;

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T> => T.Exp(x);
}

/// <summary>ln x.</summary>
internal readonly struct LogFunction : IElementFunction
{
    public Vector<float> Value(Vector<float> x) => VectorMath.Log(x);

    public Vector<float> Slope(Vector<float> x, Vector<float> y) => Vector<float>.One / x;

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T> => T.Log(x);
}

/// <summary>√x.</summary>
internal readonly struct SqrtFunction : IElementFunction
{
    public Vector<float> Value(Vector<float> x) => Vector.SquareRoot(x);

    public Vector<float> Slope(Vector<float> x, Vector<float> y) => new Vector<float>(0.5f) / y;

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T> => T.Sqrt(x);
}

/// <summary>x².</summary>
internal readonly struct SquareFunction : IElementFunction
{
    public Vector<float> Value(Vector<float> x) => x * x;

    public Vector<float> Slope(Vector<float> x, Vector<float> y) => x + x;

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T> => x * x;
}

/// <summary>|x|; its slope at 0 is 0.</summary>
internal readonly struct AbsFunction : IElementFunction
{
    public Vector<float> Value(Vector<float> x) => Vector.Abs(x);

    public Vector<float> Slope(Vector<float> x, Vector<float> y)
    {
        Vector<float> negative = Vector.ConditionalSelect(Vector.LessThan(x, Vector<float>.Zero), -Vector<float>.One, Vector<float>.Zero);
        return Vector.ConditionalSelect(Vector.GreaterThan(x, Vector<float>.Zero), Vector<float>.One, negative);
    }

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T> => T.Abs(x);
}

/// <summary>x · scale + offset.</summary>
internal readonly struct AffineFunction(float scale, float offset) : IElementFunction
{
    private readonly float _scale = scale;
    private readonly float _offset = offset;

    // Two roundings, not one: with scale 1 or offset 0 the result is that of the single operation.
    public Vector<float> Value(Vector<float> x) => (x * new Vector<float>(_scale)) + new Vector<float>(_offset);

    public Vector<float> Slope(Vector<float> x, Vector<float> y) => new(_scale);

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T> => (x * T.CreateChecked(_scale)) + T.CreateChecked(_offset);
}
