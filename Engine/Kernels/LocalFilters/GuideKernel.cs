using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Elementwise;

namespace ManagedDyn.Engine.Kernels.LocalFilters;

/// <summary>
/// How alike a guide's pixels are: K[p, t] = exp(−½ · |f[pixel(p, t)] − f[centre(p)]|²) over the taps of each output pixel, the centre being the
/// middle tap; 0 for taps outside the map. A centre outside the map counts as a zero vector.
/// </summary>
public static class GuideKernel
{
    /// <summary>The scratch that a call needs, in elements.</summary>
    /// <param name="geometry">The geometry; its input channels are the guide's.</param>
    public static int ScratchLength(in ConvolutionGeometry geometry) => geometry.InChannels + geometry.Taps + Vector<float>.Count;

    /// <summary>Computes some output rows.</summary>
    /// <param name="geometry">The geometry; its input channels are the guide's.</param>
    /// <param name="guide">f, [InHeight, InWidth, InChannels].</param>
    /// <param name="normalizes">Whether K is divided by its sum over the taps inside the map; where that is 0, K stays 0.</param>
    /// <param name="kernel">K, [OutHeight, OutWidth, Taps]; the rows asked for are written.</param>
    /// <param name="firstRow">The first output row.</param>
    /// <param name="endRow">The one behind the last.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements, of any content.</param>
    /// <exception cref="ArgumentException">A span or the range does not fit; nothing has been written.</exception>
    public static void Forward(
        in ConvolutionGeometry geometry, ReadOnlySpan<float> guide, bool normalizes, Span<float> kernel, int firstRow, int endRow, Span<float> scratch)
    {
        Check(in geometry, guide.Length, kernel.Length, scratch.Length);
        if (firstRow < 0 || endRow < firstRow || endRow > geometry.OutHeight)
        {
            throw new ArgumentOutOfRangeException(nameof(firstRow), $"Rows {firstRow} to {endRow} were asked for; expected a range within 0 to {geometry.OutHeight}.");
        }

        int channels = geometry.InChannels;
        int taps = geometry.Taps;
        Span<float> centre = scratch[..channels];
        Span<float> distances = scratch.Slice(channels, taps + Vector<float>.Count);
        Span<float> lanes = stackalloc float[Vector<float>.Count];
        for (int y = firstRow; y < endRow; y++)
        {
            for (int x = 0; x < geometry.OutWidth; x++)
            {
                TapWindow window = new(in geometry, y, x);
                Span<float> row = kernel.Slice(((y * geometry.OutWidth) + x) * taps, taps);
                Centre(in geometry, guide, y, x, centre);

                // exp(−∞) is 0: what a tap outside the map gets.
                distances.Fill(float.PositiveInfinity);
                for (int ky = 0; ky < window.Rows; ky++)
                {
                    int at = window.Start + (ky * window.RowStep);
                    int tap = window.FirstTap + (ky * window.KernelWidth);
                    for (int kx = 0; kx < window.Columns; kx++, at += window.ColumnStep, tap++)
                    {
                        distances[tap] = Distance(guide.Slice(at, channels), centre, lanes);
                    }
                }

                for (int i = 0; i < taps; i += Vector<float>.Count)
                {
                    VectorMath.Exp(new Vector<float>(distances[i..]) * new Vector<float>(-0.5f)).CopyTo(distances[i..]);
                }

                distances[..taps].CopyTo(row);
                if (normalizes)
                {
                    float sum = Sum(row);
                    for (int i = 0; i < row.Length && sum != 0; i++)
                    {
                        row[i] /= sum;
                    }
                }
            }
        }
    }

    /// <summary>
    /// Adds the gradient of the guide: from d = dK[p, t] · K[p, t] it is df[pixel(p, t)] −= d · (f[pixel(p, t)] − f[centre(p)]), and the opposite at the
    /// centre; a normalised K first gives dK[p, t] − Σ over taps of dK · K.
    /// </summary>
    /// <param name="geometry">The geometry; its input channels are the guide's.</param>
    /// <param name="guide">f, [InHeight, InWidth, InChannels].</param>
    /// <param name="normalizes">Whether K was divided by its sum.</param>
    /// <param name="kernel">K, [OutHeight, OutWidth, Taps].</param>
    /// <param name="kernelGradient">dK, of the same shape.</param>
    /// <param name="guideGradient">df, [InHeight, InWidth, InChannels]; added to.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements, of any content.</param>
    /// <exception cref="ArgumentException">A span does not fit; nothing has been written.</exception>
    public static void Backward(
        in ConvolutionGeometry geometry, ReadOnlySpan<float> guide, bool normalizes, ReadOnlySpan<float> kernel, ReadOnlySpan<float> kernelGradient,
        Span<float> guideGradient, Span<float> scratch)
    {
        Check(in geometry, guide.Length, kernel.Length, scratch.Length);
        Check(in geometry, guideGradient.Length, kernelGradient.Length, scratch.Length);
        int channels = geometry.InChannels;
        int taps = geometry.Taps;
        Span<float> centre = scratch[..channels];
        for (int y = 0; y < geometry.OutHeight; y++)
        {
            for (int x = 0; x < geometry.OutWidth; x++)
            {
                TapWindow window = new(in geometry, y, x);
                int start = ((y * geometry.OutWidth) + x) * taps;
                ReadOnlySpan<float> row = kernel.Slice(start, taps);
                ReadOnlySpan<float> upstream = kernelGradient.Slice(start, taps);
                float shared = 0;
                for (int i = 0; normalizes && i < taps; i++)
                {
                    shared += upstream[i] * row[i];
                }

                int middle = Centre(in geometry, guide, y, x, centre);
                for (int ky = 0; ky < window.Rows; ky++)
                {
                    int at = window.Start + (ky * window.RowStep);
                    int tap = window.FirstTap + (ky * window.KernelWidth);
                    for (int kx = 0; kx < window.Columns; kx++, at += window.ColumnStep, tap++)
                    {
                        float slope = (upstream[tap] - shared) * row[tap];
                        for (int c = 0; c < channels; c++)
                        {
                            float share = slope * (guide[at + c] - centre[c]);
                            guideGradient[at + c] -= share;
                            if (middle >= 0)
                            {
                                guideGradient[middle + c] += share;
                            }
                        }
                    }
                }
            }
        }
    }

    /// <summary>K by its formula, in any precision.</summary>
    internal static void Reference<T>(in ConvolutionGeometry geometry, ReadOnlySpan<T> guide, bool normalizes, Span<T> kernel)
        where T : IFloatingPointIeee754<T>
    {
        int channels = geometry.InChannels;
        for (int pixel = 0; pixel < geometry.OutPixels; pixel++)
        {
            Span<T> row = kernel.Slice(pixel * geometry.Taps, geometry.Taps);
            int middle = At(in geometry, pixel, MiddleTap(in geometry));
            T sum = T.Zero;
            for (int tap = 0; tap < row.Length; tap++)
            {
                int at = At(in geometry, pixel, tap);
                T distance = T.Zero;
                for (int c = 0; c < channels && at >= 0; c++)
                {
                    T difference = guide[at + c] - (middle < 0 ? T.Zero : guide[middle + c]);
                    distance += difference * difference;
                }

                row[tap] = at < 0 ? T.Zero : T.Exp(T.CreateChecked(-0.5) * distance);
                sum += row[tap];
            }

            for (int tap = 0; tap < row.Length && normalizes && sum != T.Zero; tap++)
            {
                row[tap] /= sum;
            }
        }
    }

    private static int MiddleTap(in ConvolutionGeometry geometry) => (geometry.KernelHeight / 2 * geometry.KernelWidth) + (geometry.KernelWidth / 2);

    // Where a tap's pixel starts in the guide; −1 outside the map.
    private static int At(in ConvolutionGeometry geometry, int pixel, int tap)
    {
        int y = (pixel / geometry.OutWidth * geometry.StrideHeight) - geometry.PadTop + (tap / geometry.KernelWidth * geometry.DilationHeight);
        int x = (pixel % geometry.OutWidth * geometry.StrideWidth) - geometry.PadLeft + (tap % geometry.KernelWidth * geometry.DilationWidth);
        return y < 0 || x < 0 || y >= geometry.InHeight || x >= geometry.InWidth ? -1 : ((y * geometry.InWidth) + x) * geometry.InChannels;
    }

    private static int Centre(in ConvolutionGeometry geometry, ReadOnlySpan<float> guide, int y, int x, Span<float> centre)
    {
        int at = At(in geometry, (y * geometry.OutWidth) + x, MiddleTap(in geometry));
        if (at < 0)
        {
            centre.Clear();
        }
        else
        {
            guide.Slice(at, centre.Length).CopyTo(centre);
        }

        return at;
    }

    private static float Distance(ReadOnlySpan<float> pixel, ReadOnlySpan<float> centre, Span<float> lanes)
    {
        if (pixel.Length < Vector<float>.Count)
        {
            float few = 0;
            for (int i = 0; i < pixel.Length; i++)
            {
                float difference = pixel[i] - centre[i];
                few += difference * difference;
            }

            return few;
        }

        Vector<float> sum = Vector<float>.Zero;
        for (int i = 0; i < pixel.Length; i += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, pixel.Length - i);
            Vector<float> difference = PartialVector.Load(pixel, i, count, 0) - PartialVector.Load(centre, i, count, 0);
            sum = Vector.MultiplyAddEstimate(difference, difference, sum);
        }

        sum.CopyTo(lanes);
        return Sum(lanes);
    }

    private static float Sum(ReadOnlySpan<float> values)
    {
        float sum = 0;
        foreach (float value in values)
        {
            sum += value;
        }

        return sum;
    }

    private static void Check(in ConvolutionGeometry geometry, int guideLength, int kernelLength, int scratchLength)
    {
        if (guideLength != geometry.InElements || kernelLength != geometry.OutPixels * geometry.Taps || scratchLength < ScratchLength(in geometry))
        {
            throw new ArgumentException(
                $"A guide of {guideLength}, a kernel of {kernelLength} and scratch of {scratchLength} elements were given; expected {geometry.InElements}, {geometry.OutPixels * geometry.Taps} and at least {ScratchLength(in geometry)}.");
        }
    }
}
