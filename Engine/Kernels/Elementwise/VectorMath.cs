using System.Numerics;
using System.Runtime.CompilerServices;

namespace ManagedDyn.Engine.Kernels.Elementwise;

/// <summary>
/// Functions of a whole vector, lane by lane. A lane's result depends on that lane alone, so an element gets the same bits wherever it stands.
/// </summary>
/// <remarks>
/// Polynomials are those of the Cephes library (Moshier, 1989) and, for erf, Juffa's minimax fit. Results are within a few units in the last
/// place; NaN gives NaN.
/// </remarks>
public static class VectorMath
{
    private const float Log2E = 1.44269504088896341f;

    // ln 2 in two parts: the first has so few bits that n · Ln2High is exact.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;
    private const float SmallestNormal = 1.17549435e-38f;

    /// <summary>eˣ; 0 below about −104, infinity above about 88.7.</summary>
    /// <param name="x">The exponents.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Exp(Vector<float> x)
    {
        // Selections instead of minimum and maximum keep NaN.
        x = Vector.ConditionalSelect(Vector.GreaterThan(x, new Vector<float>(89f)), new Vector<float>(89f), x);
        x = Vector.ConditionalSelect(Vector.LessThan(x, new Vector<float>(-104f)), new Vector<float>(-104f), x);
        Vector<float> n = Vector.Floor(Vector.MultiplyAddEstimate(x, new Vector<float>(Log2E), new Vector<float>(0.5f)));
        Vector<float> r = Vector.MultiplyAddEstimate(n, new Vector<float>(-Ln2High), x);
        r = Vector.MultiplyAddEstimate(n, new Vector<float>(-Ln2Low), r);
        Vector<float> y = ExpLessOneNearZero(r) + Vector<float>.One;

        // 2ⁿ in two factors: n itself may lie outside the exponents of normal numbers.
        Vector<int> whole = Vector.ConvertToInt32Native(n);
        Vector<int> half = Vector.ShiftRightArithmetic(whole, 1);
        return y * PowerOfTwo(half) * PowerOfTwo(whole - half);
    }

    /// <summary>eˣ − 1, without cancellation near 0.</summary>
    /// <param name="x">The exponents.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> ExpLessOne(Vector<float> x) => Vector.ConditionalSelect(
        Vector.LessThan(Vector.Abs(x), new Vector<float>(0.34f)),
        ExpLessOneNearZero(x),
        Exp(x) - Vector<float>.One);

    /// <summary>ln x; −∞ for 0, NaN for negative numbers.</summary>
    /// <param name="x">The numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Log(Vector<float> x)
    {
        Vector<int> isSmall = Vector.LessThan(x, new Vector<float>(SmallestNormal));
        Vector<float> scaled = Vector.ConditionalSelect(isSmall, x * new Vector<float>(8388608f), x);
        Vector<int> bits = Vector.AsVectorInt32(scaled);
        Vector<int> exponent = Vector.ShiftRightArithmetic(bits, 23) - new Vector<int>(126) - (isSmall & new Vector<int>(23));
        Vector<float> m = Vector.AsVectorSingle((bits & new Vector<int>(0x7fffff)) | new Vector<int>(0x3f000000));
        Vector<int> isLow = Vector.LessThan(m, new Vector<float>(0.707106781186547524f));
        m = Vector.ConditionalSelect(isLow, m + m, m) - Vector<float>.One;

        // A true comparison is −1 in every bit.
        Vector<float> e = Vector.ConvertToSingle(exponent + isLow);
        Vector<float> z = m * m;
        Vector<float> p = new(7.0376836292e-2f);
        p = Vector.MultiplyAddEstimate(p, m, new Vector<float>(-1.1514610310e-1f));
        p = Vector.MultiplyAddEstimate(p, m, new Vector<float>(1.1676998740e-1f));
        p = Vector.MultiplyAddEstimate(p, m, new Vector<float>(-1.2420140846e-1f));
        p = Vector.MultiplyAddEstimate(p, m, new Vector<float>(1.4249322787e-1f));
        p = Vector.MultiplyAddEstimate(p, m, new Vector<float>(-1.6668057665e-1f));
        p = Vector.MultiplyAddEstimate(p, m, new Vector<float>(2.0000714765e-1f));
        p = Vector.MultiplyAddEstimate(p, m, new Vector<float>(-2.4999993993e-1f));
        p = Vector.MultiplyAddEstimate(p, m, new Vector<float>(3.3333331174e-1f));
        Vector<float> y = p * m * z;
        y = Vector.MultiplyAddEstimate(e, new Vector<float>(Ln2Low), y);
        y = Vector.MultiplyAddEstimate(z, new Vector<float>(-0.5f), y);
        y = Vector.MultiplyAddEstimate(e, new Vector<float>(Ln2High), m + y);
        y = Vector.ConditionalSelect(Vector.GreaterThan(x, new Vector<float>(float.MaxValue)), x, y);
        y = Vector.ConditionalSelect(Vector.Equals(x, Vector<float>.Zero), new Vector<float>(float.NegativeInfinity), y);
        return Vector.ConditionalSelect(Vector.GreaterThanOrEqual(x, Vector<float>.Zero), y, new Vector<float>(float.NaN));
    }

    /// <summary>ln(1 + x), without cancellation near 0.</summary>
    /// <param name="x">The numbers, above −1.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> LogOnePlus(Vector<float> x)
    {
        // The rounding of 1 + x is undone by the factor x / ((1 + x) − 1) (Kahan).
        Vector<float> sum = Vector<float>.One + x;
        Vector<float> part = sum - Vector<float>.One;
        Vector<int> isLost = Vector.Equals(part, Vector<float>.Zero);
        Vector<float> y = Log(sum) * (x / Vector.ConditionalSelect(isLost, Vector<float>.One, part));
        y = Vector.ConditionalSelect(Vector.GreaterThan(x, new Vector<float>(float.MaxValue)), x, y);
        return Vector.ConditionalSelect(isLost, x, y);
    }

    /// <summary>tanh x.</summary>
    /// <param name="x">The numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Tanh(Vector<float> x)
    {
        Vector<float> magnitude = Vector.Abs(x);
        Vector<float> z = x * x;
        Vector<float> p = new(-5.70498872745e-3f);
        p = Vector.MultiplyAddEstimate(p, z, new Vector<float>(2.06390887954e-2f));
        p = Vector.MultiplyAddEstimate(p, z, new Vector<float>(-5.37397155531e-2f));
        p = Vector.MultiplyAddEstimate(p, z, new Vector<float>(1.33314422036e-1f));
        p = Vector.MultiplyAddEstimate(p, z, new Vector<float>(-3.33332819422e-1f));
        Vector<float> near = Vector.MultiplyAddEstimate(p * z, x, x);
        Vector<float> far = Vector<float>.One - (new Vector<float>(2f) / (Exp(magnitude + magnitude) + Vector<float>.One));
        return Vector.ConditionalSelect(Vector.LessThan(magnitude, new Vector<float>(0.625f)), near, CopySign(far, x));
    }

    /// <summary>1 / (1 + e⁻ˣ).</summary>
    /// <param name="x">The numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Sigmoid(Vector<float> x) => Vector<float>.One / (Vector<float>.One + Exp(-x));

    /// <summary>The error function 2/√π · ∫₀ˣ exp(−t²) dt.</summary>
    /// <param name="x">The numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Erf(Vector<float> x)
    {
        Vector<float> t = Vector.Abs(x);
        Vector<float> s = x * x;
        Vector<float> r = Vector.MultiplyAddEstimate(new Vector<float>(-1.72853470e-5f), t, new Vector<float>(3.83197126e-4f));
        Vector<float> u = Vector.MultiplyAddEstimate(new Vector<float>(-3.88396438e-3f), t, new Vector<float>(2.42546219e-2f));
        r = Vector.MultiplyAddEstimate(r, s, u);
        r = Vector.MultiplyAddEstimate(r, t, new Vector<float>(-1.06777877e-1f));
        r = Vector.MultiplyAddEstimate(r, t, new Vector<float>(-6.34846687e-1f));
        r = Vector.MultiplyAddEstimate(r, t, new Vector<float>(-1.28717512e-1f));
        r = Vector.MultiplyAddEstimate(r, t, -t);

        // From 4 on erf is 1 in single precision, and the polynomial is fitted no further.
        r = Vector.ConditionalSelect(Vector.GreaterThan(t, new Vector<float>(4f)), new Vector<float>(-104f), r);
        Vector<float> far = CopySign(Vector<float>.One - Exp(r), x);
        Vector<float> p = new(-5.96761703e-4f);
        p = Vector.MultiplyAddEstimate(p, s, new Vector<float>(4.99119423e-3f));
        p = Vector.MultiplyAddEstimate(p, s, new Vector<float>(-2.67681349e-2f));
        p = Vector.MultiplyAddEstimate(p, s, new Vector<float>(1.12819925e-1f));
        p = Vector.MultiplyAddEstimate(p, s, new Vector<float>(-3.76125336e-1f));
        p = Vector.MultiplyAddEstimate(p, s, new Vector<float>(1.28379166e-1f));
        Vector<float> near = Vector.MultiplyAddEstimate(p, x, x);
        return Vector.ConditionalSelect(Vector.GreaterThan(t, new Vector<float>(0.927734375f)), far, near);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> ExpLessOneNearZero(Vector<float> r)
    {
        Vector<float> p = new(1.9875691500e-4f);
        p = Vector.MultiplyAddEstimate(p, r, new Vector<float>(1.3981999507e-3f));
        p = Vector.MultiplyAddEstimate(p, r, new Vector<float>(8.3334519073e-3f));
        p = Vector.MultiplyAddEstimate(p, r, new Vector<float>(4.1665795894e-2f));
        p = Vector.MultiplyAddEstimate(p, r, new Vector<float>(1.6666665459e-1f));
        p = Vector.MultiplyAddEstimate(p, r, new Vector<float>(5.0000001201e-1f));
        return Vector.MultiplyAddEstimate(p, r * r, r);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> PowerOfTwo(Vector<int> exponent) =>
        Vector.AsVectorSingle(Vector.ShiftLeft(exponent + new Vector<int>(127), 23));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> CopySign(Vector<float> magnitude, Vector<float> sign) =>
        Vector.AsVectorSingle(Vector.AsVectorInt32(magnitude) | (Vector.AsVectorInt32(sign) & new Vector<int>(int.MinValue)));
}
