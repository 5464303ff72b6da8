using System;

namespace ManagedDyn.Engine.Kernels.Fourier;

/// <summary>The transform by its formula, in double precision: what <see cref="RealFourier"/> is tested against.</summary>
public static class FourierReference
{
    /// <summary>|X_k|² for k from 0 to N / 2.</summary>
    /// <param name="signal">N samples, any number.</param>
    /// <param name="power">Gets N / 2 + 1 values.</param>
    public static void Power(ReadOnlySpan<float> signal, Span<double> power)
    {
        int size = signal.Length;
        if (power.Length != (size / 2) + 1)
        {
            throw new ArgumentException($"There is room for {power.Length} values of {size} samples; expected {(size / 2) + 1}.", nameof(power));
        }

        for (int k = 0; k < power.Length; k++)
        {
            (double real, double imaginary) = (0, 0);
            for (int n = 0; n < size; n++)
            {
                // The product's remainder, so that the angle stays exact.
                (double sine, double cosine) = Math.SinCos(-2 * Math.PI * ((long)k * n % size) / size);
                real += signal[n] * cosine;
                imaginary += signal[n] * sine;
            }

            power[k] = (real * real) + (imaginary * imaginary);
        }
    }
}
