using System;

namespace ManagedDyn.Engine.Kernels.Normalization;

/// <summary>
/// Turns a normalisation with known statistics into one multiply-add per element, y = x · scale + shift (Ioffe and Szegedy, "Batch
/// normalization", ICML 2015). Whoever applies the statistics takes scale and shift from here, fused into a convolution's store or not, so
/// that all forms agree in every bit.
/// </summary>
public static class BatchNormFold
{
    /// <summary>scale = weight / √(variance + epsilon), shift = bias − mean · scale, channel by channel.</summary>
    /// <param name="weight">γ; empty: 1.</param>
    /// <param name="bias">β; empty: 0.</param>
    /// <param name="mean">The mean of each channel.</param>
    /// <param name="variance">The variance of each channel.</param>
    /// <param name="epsilon">Keeps the root from zero.</param>
    /// <param name="scale">Receives a factor for each channel.</param>
    /// <param name="shift">Receives a summand for each channel.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Run(
        ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, ReadOnlySpan<float> mean, ReadOnlySpan<float> variance, float epsilon,
        Span<float> scale, Span<float> shift)
    {
        int channels = mean.Length;
        Check(variance.Length, channels, "variances");
        Check(scale.Length, channels, "scales");
        Check(shift.Length, channels, "shifts");
        Check(weight.IsEmpty ? channels : weight.Length, channels, "weights");
        Check(bias.IsEmpty ? channels : bias.Length, channels, "biases");
        for (int c = 0; c < channels; c++)
        {
            float factor = (weight.IsEmpty ? 1f : weight[c]) / MathF.Sqrt(variance[c] + epsilon);
            scale[c] = factor;
            shift[c] = (bias.IsEmpty ? 0f : bias[c]) - (mean[c] * factor);
        }
    }

    private static void Check(int length, int expected, string what)
    {
        if (length != expected)
        {
            throw new ArgumentException($"A normalisation of {expected} channels was given {length} {what}; expected one for each channel.");
        }
    }
}
