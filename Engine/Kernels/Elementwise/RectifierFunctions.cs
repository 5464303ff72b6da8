using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Elementwise;

/// <summary>max(x, 0); its slope at 0 is 0, as usual in the field.</summary>
internal readonly struct ReluFunction : IElementFunction
{
    public Vector<float> Value(Vector<float> x) =>
        Vector.ConditionalSelect(Vector.LessThan(x, Vector<float>.Zero), Vector<float>.Zero, x);

    public Vector<float> Slope(Vector<float> x, Vector<float> y) =>
        Vector.ConditionalSelect(Vector.GreaterThan(x, Vector<float>.Zero), Vector<float>.One, Vector<float>.Zero);

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T> => x < T.Zero ? T.Zero : x;
}

/// <summary>x for x &gt; 0, else slope · x.</summary>
internal readonly struct LeakyReluFunction(float slope) : IElementFunction
{
    private readonly float _slope = slope;

    public Vector<float> Value(Vector<float> x) =>
        Vector.ConditionalSelect(Vector.GreaterThan(x, Vector<float>.Zero), x, x * new Vector<float>(_slope));

    public Vector<float> Slope(Vector<float> x, Vector<float> y) =>
        Vector.ConditionalSelect(Vector.GreaterThan(x, Vector<float>.Zero), Vector<float>.One, new Vector<float>(_slope));

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T> => x > T.Zero ? x : x * T.CreateChecked(_slope);
}

/// <summary>x for x &gt; 0, else scale · (eˣ − 1).</summary>
internal readonly struct EluFunction(float scale) : IElementFunction
{
    private readonly float _scale = scale;

    public Vector<float> Value(Vector<float> x) =>
        Vector.ConditionalSelect(Vector.GreaterThan(x, Vector<float>.Zero), x, VectorMath.ExpLessOne(x) * new Vector<float>(_scale));

    public Vector<float> Slope(Vector<float> x, Vector<float> y) =>
        Vector.ConditionalSelect(Vector.GreaterThan(x, Vector<float>.Zero), Vector<float>.One, y + new Vector<float>(_scale));

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T> => x > T.Zero ? x : T.CreateChecked(_scale) * T.ExpM1(x);
}

/// <summary>x limited to a range; its slope is 1 within, bounds included, and 0 outside.</summary>
internal readonly struct ClampFunction(float minimum, float maximum) : IElementFunction
{
    private readonly float _minimum = minimum;
    private readonly float _maximum = maximum;

    public Vector<float> Value(Vector<float> x)
    {
        Vector<float> low = new(_minimum);
        Vector<float> high = new(_maximum);
        x = Vector.ConditionalSelect(Vector.LessThan(x, low), low, x);
        return Vector.ConditionalSelect(Vector.GreaterThan(x, high), high, x);
    }

    public Vector<float> Slope(Vector<float> x, Vector<float> y) =>
        Vector.ConditionalSelect(Vector.Equals(x, y), Vector<float>.One, Vector<float>.Zero);

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T>
    {
        T low = T.CreateChecked(_minimum);
        T high = T.CreateChecked(_maximum);
        return x < low ? low : x > high ? high : x;
    }
}

/// <summary>min(max(x + 3, 0), 6) / 6.</summary>
internal readonly struct HardSigmoidFunction : IElementFunction
{
    public Vector<float> Value(Vector<float> x) =>
        new ClampFunction(0f, 6f).Value(x + new Vector<float>(3f)) * new Vector<float>(1f / 6f);

    public Vector<float> Slope(Vector<float> x, Vector<float> y) => Vector.ConditionalSelect(
        Vector.LessThan(Vector.Abs(x), new Vector<float>(3f)),
        new Vector<float>(1f / 6f),
        Vector<float>.Zero);

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T> => new ClampFunction(0f, 6f).Reference(x + T.CreateChecked(3)) / T.CreateChecked(6);
}

/// <summary>x · min(max(x + 3, 0), 6) / 6.</summary>
internal readonly struct HardSwishFunction : IElementFunction
{
    public Vector<float> Value(Vector<float> x) => x * default(HardSigmoidFunction).Value(x);

    public Vector<float> Slope(Vector<float> x, Vector<float> y)
    {
        Vector<float> inside = Vector.MultiplyAddEstimate(x, new Vector<float>(1f / 3f), new Vector<float>(0.5f));
        Vector<float> right = Vector.ConditionalSelect(Vector.GreaterThan(x, new Vector<float>(3f)), Vector<float>.One, inside);
        return Vector.ConditionalSelect(Vector.LessThan(x, new Vector<float>(-3f)), Vector<float>.Zero, right);
    }

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T> => x * default(HardSigmoidFunction).Reference(x);
}
