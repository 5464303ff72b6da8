using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Elementwise;

/// <summary>erf in any precision, by a series whose terms have one sign, so that nothing cancels.</summary>
internal static class ErrorFunction
{
    // From here on 1 − erf is below 2e-12.
    private const int Saturated = 5;

    public static T Reference<T>(T x)
        where T : IFloatingPointIeee754<T>
    {
        if (T.Abs(x) > T.CreateChecked(Saturated))
        {
            return T.CopySign(T.One, x);
        }

        // erf x = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)): all terms have one sign, so nothing cancels.
        T term = x;
        T sum = x;
        for (int n = 1; n < 200; n++)
        {
            term *= T.CreateChecked(2) * x * x / T.CreateChecked((2 * n) + 1);
            sum += term;
        }

        return T.CreateChecked(2) / T.Sqrt(T.Pi) * T.Exp(-x * x) * sum;
    }
}
