using System;
using System.Numerics;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Attending;

/// <summary>
/// Convolution from few channels to few channels at stride 1, with pixels side by side in a vector instead of channels: maps of attention have one or
/// two channels, and of a vector of channels most lanes would be idle. Each output is one chain of multiply-adds, taps and then channels
/// ascending, as in every other direct convolution, so it has the same bits.
/// </summary>
internal static class PlaneConvolution
{
    /// <summary>The most channels of either side for which planes pay.</summary>
    public const int MostChannels = 8;

    private const int Vectors = 4;

    /// <summary>The scratch memory that a map needs, in elements.</summary>
    /// <param name="height">Rows of the map.</param>
    /// <param name="width">Columns of the map.</param>
    /// <param name="channels">Channels of the input.</param>
    /// <param name="padding">Zeros on each side.</param>
    public static int ScratchLength(int height, int width, int channels, int padding) =>
        checked(((channels * (height + (2 * padding))) * RowLength(width, padding)) + (Vectors * Vector<float>.Count));

    /// <summary>y = activation((x ⊛ W) · scale + shift) for one map; the padding keeps the size.</summary>
    /// <param name="input">x, [height, width, channels].</param>
    /// <param name="height">Rows of the map.</param>
    /// <param name="width">Columns of the map.</param>
    /// <param name="weight">W, [out, channels, kernel, kernel].</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows and columns of the kernel, odd.</param>
    /// <param name="dilation">Pixels between two taps.</param>
    /// <param name="scale">The factor of each output channel; empty: 1.</param>
    /// <param name="shift">The summand of each output channel; empty: 0.</param>
    /// <param name="activation">What follows.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/>.</param>
    /// <param name="output">y, [height, width, out].</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public static void Run(
        ReadOnlySpan<float> input,
        int height,
        int width,
        ReadOnlySpan<float> weight,
        int outChannels,
        int kernel,
        int dilation,
        ReadOnlySpan<float> scale,
        ReadOnlySpan<float> shift,
        Activation activation,
        Span<float> scratch,
        Span<float> output)
    {
        int channels = input.Length / Math.Max(1, height * width);
        int padding = checked(dilation * (kernel - 1)) / 2;
        if (height < 1 || width < 1 || channels < 1 || outChannels < 1 || kernel < 1 || kernel % 2 == 0 || dilation < 1 || input.Length != height * width * channels
            || weight.Length != outChannels * channels * kernel * kernel || output.Length != height * width * outChannels
            || (!scale.IsEmpty && scale.Length != outChannels) || (!shift.IsEmpty && shift.Length != outChannels)
            || scratch.Length < ScratchLength(height, width, channels, padding))
        {
            throw new ArgumentException(
                $"A map of {input.Length} values, {height} × {width}, was given with {weight.Length} weights of kernel {kernel}, {scratch.Length} of scratch and {output.Length} out in {outChannels} channels.");
        }

        ToPlanes(input, height, width, channels, padding, scratch);
        int rowLength = RowLength(width, padding);
        int plane = (height + (2 * padding)) * rowLength;
        int strip = Vectors * Vector<float>.Count;
        Span<float> sums = stackalloc float[strip];
        for (int o = 0; o < outChannels; o++)
        {
            ReadOnlySpan<float> own = weight.Slice(o * channels * kernel * kernel, channels * kernel * kernel);
            Epilogue last = new(scale.IsEmpty ? 1f : scale[o], shift.IsEmpty ? 0f : shift[o], scale.IsEmpty, shift.IsEmpty, activation == Activation.Relu);
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x += strip)
                {
                    Strip(scratch, (y * rowLength) + x, rowLength, plane, channels, own, kernel, dilation, in last, sums);
                    int count = Math.Min(strip, width - x);
                    int at = (((y * width) + x) * outChannels) + o;
                    for (int i = 0; i < count; i++)
                    {
                        output[at + (i * outChannels)] = sums[i];
                    }
                }
            }
        }
    }

    /// <summary>One output before scale, shift and activation, value by value.</summary>
    internal static T Reference<T>(ReadOnlySpan<T> input, int height, int width, ReadOnlySpan<T> weight, int kernel, int dilation, int y, int x)
        where T : IFloatingPointIeee754<T>
    {
        int channels = input.Length / (height * width);
        T sum = T.Zero;
        for (int i = 0; i < weight.Length; i++)
        {
            int row = y + (((i / kernel % kernel) - (kernel / 2)) * dilation);
            int column = x + (((i % kernel) - (kernel / 2)) * dilation);
            if (row >= 0 && row < height && column >= 0 && column < width)
            {
                sum += input[(((row * width) + column) * channels) + (i / kernel / kernel)] * weight[i];
            }
        }

        return sum;
    }

    // Rows of a plane are whole strips, so that a strip's last vectors stay within what was checked.
    private static int RowLength(int width, int padding)
    {
        int strip = Vectors * Vector<float>.Count;
        return ((width + strip - 1) / strip * strip) + (2 * padding);
    }

    private static void ToPlanes(ReadOnlySpan<float> input, int height, int width, int channels, int padding, Span<float> planes)
    {
        int rowLength = RowLength(width, padding);
        planes.Clear();
        for (int y = 0; y < height; y++)
        {
            for (int c = 0; c < channels; c++)
            {
                Span<float> row = planes.Slice((((c * (height + (2 * padding))) + y + padding) * rowLength) + padding, width);
                int at = (y * width * channels) + c;
                for (int x = 0; x < row.Length; x++, at += channels)
                {
                    row[x] = input[at];
                }
            }
        }
    }

    private static void Strip(
        ReadOnlySpan<float> planes, int start, int rowLength, int plane, int channels, ReadOnlySpan<float> weight, int kernel, int dilation, in Epilogue last, Span<float> sums)
    {
        nuint width = (nuint)Vector<float>.Count;
        ref float first = ref MemoryMarshal.GetReference(planes);
        Vector<float> s0 = Vector<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        for (int tap = 0; tap < kernel * kernel; tap++)
        {
            int place = start + (tap / kernel * dilation * rowLength) + (tap % kernel * dilation);
            for (int c = 0; c < channels; c++, place += plane)
            {
                // A strip ends within its padded row, and behind the last plane there is room for one more.
                nuint at = (nuint)place;
                Vector<float> w = new(weight[(c * kernel * kernel) + tap]);
                s0 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref first, at), w, s0);
                s1 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref first, at + width), w, s1);
                s2 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref first, at + (2 * width)), w, s2);
                s3 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref first, at + (3 * width)), w, s3);
            }
        }

        last.Apply(s0).CopyTo(sums);
        last.Apply(s1).CopyTo(sums[(int)width..]);
        last.Apply(s2).CopyTo(sums[(2 * (int)width)..]);
        last.Apply(s3).CopyTo(sums[(3 * (int)width)..]);
    }

    // With the arithmetic of the epilogue of all other convolutions.
    private readonly struct Epilogue(float scale, float shift, bool lacksScale, bool lacksShift, bool isRelu)
    {
        public Vector<float> Apply(Vector<float> sum)
        {
            Vector<float> value = (lacksScale, lacksShift) switch
            {
                (true, true) => sum,
                (true, false) => sum + new Vector<float>(shift),
                (false, true) => sum * new Vector<float>(scale),
                _ => Vector.MultiplyAddEstimate(sum, new Vector<float>(scale), new Vector<float>(shift)),
            };
            return isRelu ? Vector.ConditionalSelect(Vector.LessThan(value, Vector<float>.Zero), Vector<float>.Zero, value) : value;
        }
    }
}
