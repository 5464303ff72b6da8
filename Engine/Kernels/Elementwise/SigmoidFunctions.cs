using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Elementwise;

/// <summary>1 / (1 + e⁻ˣ).</summary>
internal readonly struct SigmoidFunction : IElementFunction
{
    public Vector<float> Value(Vector<float> x) => VectorMath.Sigmoid(x);

    public Vector<float> Slope(Vector<float> x, Vector<float> y) => y * (Vector<float>.One - y);

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T> => T.One / (T.One + T.Exp(-x));
}

/// <summary>tanh x.</summary>
internal readonly struct TanhFunction : IElementFunction
{
    public Vector<float> Value(Vector<float> x) => VectorMath.Tanh(x);

    public Vector<float> Slope(Vector<float> x, Vector<float> y) => Vector.MultiplyAddEstimate(-y, y, Vector<float>.One);

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T> => T.Tanh(x);
}

/// <summary>x / (1 + e⁻ˣ).</summary>
internal readonly struct SiluFunction : IElementFunction
{
    public Vector<float> Value(Vector<float> x) => x * VectorMath.Sigmoid(x);

    public Vector<float> Slope(Vector<float> x, Vector<float> y)
    {
        Vector<float> s = VectorMath.Sigmoid(x);
        return Vector.MultiplyAddEstimate(y, Vector<float>.One - s, s);
    }

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T> => x / (T.One + T.Exp(-x));
}

/// <summary>ln(1 + eˣ).</summary>
internal readonly struct SoftplusFunction : IElementFunction
{
    public Vector<float> Value(Vector<float> x) => default(ReluFunction).Value(x) + VectorMath.LogOnePlus(VectorMath.Exp(-Vector.Abs(x)));

    public Vector<float> Slope(Vector<float> x, Vector<float> y) => VectorMath.Sigmoid(x);

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T> => (x > T.Zero ? x : T.Zero) + T.LogP1(T.Exp(-T.Abs(x)));
}

/// <summary>x · tanh(ln(1 + eˣ)).</summary>
internal readonly struct MishFunction : IElementFunction
{
    public Vector<float> Value(Vector<float> x) => x * Factor(x);

    public Vector<float> Slope(Vector<float> x, Vector<float> y)
    {
        Vector<float> t = Factor(x);
        return Vector.MultiplyAddEstimate(x * VectorMath.Sigmoid(x), Vector.MultiplyAddEstimate(-t, t, Vector<float>.One), t);
    }

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T> => x * T.Tanh(default(SoftplusFunction).Reference(x));

    // tanh(ln(1 + e)) = ((1 + e)² − 1) / ((1 + e)² + 1) = n / (n + 2) with n = e · (e + 2). Beyond 20 it is 1.
    private static Vector<float> Factor(Vector<float> x)
    {
        Vector<float> e = VectorMath.Exp(Vector.ConditionalSelect(Vector.GreaterThan(x, new Vector<float>(20f)), new Vector<float>(20f), x));
        Vector<float> n = e * (e + new Vector<float>(2f));
        return n / (n + new Vector<float>(2f));
    }
}

/// <summary>x · Φ(x) = x/2 · (1 + erf(x/√2)).</summary>
internal readonly struct GeluFunction : IElementFunction
{
    private const float RootHalf = 0.70710678118654752f;
    private const float Density = 0.39894228040143268f;

    public Vector<float> Value(Vector<float> x) => x * Cumulative(x);

    public Vector<float> Slope(Vector<float> x, Vector<float> y)
    {
        Vector<float> density = VectorMath.Exp(x * x * new Vector<float>(-0.5f)) * new Vector<float>(Density);
        return Vector.MultiplyAddEstimate(x, density, Cumulative(x));
    }

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T> => x / T.CreateChecked(2) * (T.One + ErrorFunction.Reference(x / T.Sqrt(T.CreateChecked(2))));

    private static Vector<float> Cumulative(Vector<float> x) =>
        Vector.MultiplyAddEstimate(VectorMath.Erf(x * new Vector<float>(RootHalf)), new Vector<float>(0.5f), new Vector<float>(0.5f));
}

/// <summary>x/2 · (1 + tanh(√(2/π) · (x + 0.044715·x³))).</summary>
internal readonly struct GeluTanhFunction : IElementFunction
{
    private const float Root = 0.79788456080286536f;
    private const float Cube = 0.044715f;

    public Vector<float> Value(Vector<float> x) => x * new Vector<float>(0.5f) * (Vector<float>.One + Tanh(x));

    public Vector<float> Slope(Vector<float> x, Vector<float> y)
    {
        Vector<float> t = Tanh(x);
        Vector<float> inner = Vector.MultiplyAddEstimate(x * x, new Vector<float>(3f * Root * Cube), new Vector<float>(Root));
        Vector<float> outer = Vector.MultiplyAddEstimate(-t, t, Vector<float>.One) * x * inner;
        return (Vector<float>.One + t + outer) * new Vector<float>(0.5f);
    }

    public T Reference<T>(T x)
        where T : IFloatingPointIeee754<T>
    {
        T root = T.Sqrt(T.CreateChecked(2) / T.Pi);
        return x / T.CreateChecked(2) * (T.One + T.Tanh(root * (x + (T.CreateChecked(0.044715) * x * x * x))));
    }

    private static Vector<float> Tanh(Vector<float> x) =>
        VectorMath.Tanh(x * Vector.MultiplyAddEstimate(x * x, new Vector<float>(Root * Cube), new Vector<float>(Root)));
}
