using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Normalization;

/// <summary>
/// The backward pass of a normalisation over [rows, channels]: first the sums Σ g and Σ g · (x − mean) of each channel, then
/// dx = g · direct + (x − mean) · slope + offset. Here g is dy, or 0 where the activation cut y off, which x · scale + shift tells again.
/// </summary>
public readonly ref struct ChannelGradient
{
    /// <summary>x, [rows, channels].</summary>
    public ReadOnlySpan<float> Input { get; init; }

    /// <summary>dy, as long as x.</summary>
    public ReadOnlySpan<float> OutputGradient { get; init; }

    /// <summary>The mean of each channel; its length is the number of channels.</summary>
    public ReadOnlySpan<float> Mean { get; init; }

    /// <summary>The factor that the forward pass took.</summary>
    public ReadOnlySpan<float> Scale { get; init; }

    /// <summary>The summand that the forward pass took.</summary>
    public ReadOnlySpan<float> Shift { get; init; }

    /// <summary>The activation that the forward pass ended with.</summary>
    public Activation Activation { get; init; }

    /// <summary>The sums of a range of rows.</summary>
    /// <param name="from">The first row.</param>
    /// <param name="to">The row after the last; beyond <paramref name="from"/>.</param>
    /// <param name="sums">Receives Σ g, then Σ g · (x − mean), of each channel: [2, channels].</param>
    public void Sums(int from, int to, Span<float> sums)
    {
        int channels = Check(from, to);
        RowCheck.Length(sums.Length, 2L * channels, "sums");
        int width = Vector<float>.Count;
        bool relu = Activation == Activation.Relu;
        int c = 0;
        for (; c <= channels - (2 * width); c += 2 * width)
        {
            Pair(from, to, c, relu, sums);
        }

        for (; c < channels; c += width)
        {
            int count = Math.Min(width, channels - c);
            Vector<float> mean = PartialVector.Load(Mean, c, count);
            Vector<float> scale = PartialVector.Load(Scale, c, count);
            Vector<float> shift = PartialVector.Load(Shift, c, count);
            Vector<float> sum = Vector<float>.Zero;
            Vector<float> product = Vector<float>.Zero;
            for (int row = from; row < to; row++)
            {
                Vector<float> x = PartialVector.Load(Input, (row * channels) + c, count);
                Vector<float> g = Masked(relu, x, PartialVector.Load(OutputGradient, (row * channels) + c, count), scale, shift);
                sum += g;
                product = Vector.MultiplyAddEstimate(g, x - mean, product);
            }

            PartialVector.Store(sum, sums.Slice(c, count));
            PartialVector.Store(product, sums.Slice(channels + c, count));
        }
    }

    /// <summary>Writes dx of a range of rows.</summary>
    /// <param name="from">The first row.</param>
    /// <param name="to">The row after the last; beyond <paramref name="from"/>.</param>
    /// <param name="direct">The factor of g, for each channel.</param>
    /// <param name="slope">The factor of x − mean; empty: 0, and the offset too.</param>
    /// <param name="offset">The summand, for each channel.</param>
    /// <param name="inputGradient">dx, as long as x.</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    public void Spread(
        int from, int to, ReadOnlySpan<float> direct, ReadOnlySpan<float> slope, ReadOnlySpan<float> offset, Span<float> inputGradient,
        bool accumulate)
    {
        int channels = Check(from, to);
        RowCheck.Length(inputGradient.Length, (long)to * channels, "input gradients");
        RowCheck.Length(direct.Length, channels, "factors");
        bool hasSlope = !slope.IsEmpty;
        if (hasSlope)
        {
            RowCheck.Length(slope.Length, channels, "slopes");
            RowCheck.Length(offset.Length, channels, "offsets");
        }

        bool relu = Activation == Activation.Relu;
        int whole = channels - (channels % Vector<float>.Count);
        ref float input = ref MemoryMarshal.GetReference(Input);
        ref float upstream = ref MemoryMarshal.GetReference(OutputGradient);
        ref float mean = ref MemoryMarshal.GetReference(Mean);
        ref float scale = ref MemoryMarshal.GetReference(Scale);
        ref float shift = ref MemoryMarshal.GetReference(Shift);
        ref float factor = ref MemoryMarshal.GetReference(direct);
        ref float steep = ref MemoryMarshal.GetReference(slope);
        ref float summand = ref MemoryMarshal.GetReference(offset);
        ref float target = ref MemoryMarshal.GetReference(inputGradient);
        for (int row = from; row < to; row++)
        {
            // Whole vectors within a row that all operands were checked to have; c + Count is at most the number of channels.
            for (int c = 0; c < whole; c += Vector<float>.Count)
            {
                nuint at = (nuint)((row * channels) + c);
                Vector<float> x = Vector.LoadUnsafe(ref input, at);
                Vector<float> g = Vector.LoadUnsafe(ref upstream, at);
                if (relu)
                {
                    g = Masked(true, x, g, Vector.LoadUnsafe(ref scale, (nuint)c), Vector.LoadUnsafe(ref shift, (nuint)c));
                }

                Vector<float> value = g * Vector.LoadUnsafe(ref factor, (nuint)c);
                if (hasSlope)
                {
                    value += Vector.MultiplyAddEstimate(
                        x - Vector.LoadUnsafe(ref mean, (nuint)c), Vector.LoadUnsafe(ref steep, (nuint)c), Vector.LoadUnsafe(ref summand, (nuint)c));
                }

                (accumulate ? value + Vector.LoadUnsafe(ref target, at) : value).StoreUnsafe(ref target, at);
            }

            if (whole < channels)
            {
                SpreadLast(row, whole, relu, direct, slope, offset, inputGradient, accumulate);
            }
        }
    }

    /// <summary>Adds (x − mean) · slope + offset to dx for some listed rows.</summary>
    /// <param name="list">Rows by number.</param>
    /// <param name="slope">The factor of x − mean, for each channel.</param>
    /// <param name="offset">The summand, for each channel.</param>
    /// <param name="inputGradient">dx, as long as x.</param>
    public void AddStatistics(ReadOnlySpan<int> list, ReadOnlySpan<float> slope, ReadOnlySpan<float> offset, Span<float> inputGradient)
    {
        int channels = Mean.Length;
        RowCheck.Length(inputGradient.Length, Input.Length, "input gradients");
        RowCheck.Rows(Input.Length, channels, list, 0, list.Length);
        foreach (int row in list)
        {
            for (int c = 0; c < channels; c += Vector<float>.Count)
            {
                int count = Math.Min(Vector<float>.Count, channels - c);
                int at = (row * channels) + c;
                Vector<float> value = Vector.MultiplyAddEstimate(
                    PartialVector.Load(Input, at, count) - PartialVector.Load(Mean, c, count),
                    PartialVector.Load(slope, c, count),
                    PartialVector.Load(offset, c, count));
                Add(value, inputGradient, at, count, accumulate: true);
            }
        }
    }

    private static void Add(Vector<float> value, Span<float> target, int at, int count, bool accumulate)
    {
        if (accumulate)
        {
            value += PartialVector.Load(target, at, count);
        }

        PartialVector.Store(value, target.Slice(at, count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Masked(bool relu, Vector<float> x, Vector<float> gradient, Vector<float> scale, Vector<float> shift) => relu
        ? Vector.ConditionalSelect(
            Vector.GreaterThan(Vector.MultiplyAddEstimate(x, scale, shift), Vector<float>.Zero), gradient, Vector<float>.Zero)
        : gradient;

    // Two vectors of neighbouring channels: with two sums each, enough additions are in flight.
    private void Pair(int from, int to, int c, bool relu, Span<float> sums)
    {
        int channels = Mean.Length;
        int width = Vector<float>.Count;
        ref float input = ref MemoryMarshal.GetReference(Input);
        ref float upstream = ref MemoryMarshal.GetReference(OutputGradient);
        Vector<float> mean0 = new(Mean[c..]), mean1 = new(Mean[(c + width)..]);
        Vector<float> scale0 = new(Scale[c..]), scale1 = new(Scale[(c + width)..]);
        Vector<float> shift0 = new(Shift[c..]), shift1 = new(Shift[(c + width)..]);
        Vector<float> sum0 = Vector<float>.Zero, sum1 = sum0, product0 = sum0, product1 = sum0;

        // Rows were checked to lie within both operands, and channels c to c + 2 vectors within a row.
        for (int row = from; row < to; row++)
        {
            nuint at = (nuint)((row * channels) + c);
            Vector<float> x0 = Vector.LoadUnsafe(ref input, at);
            Vector<float> x1 = Vector.LoadUnsafe(ref input, at + (nuint)width);
            Vector<float> g0 = Masked(relu, x0, Vector.LoadUnsafe(ref upstream, at), scale0, shift0);
            Vector<float> g1 = Masked(relu, x1, Vector.LoadUnsafe(ref upstream, at + (nuint)width), scale1, shift1);
            sum0 += g0;
            sum1 += g1;
            product0 = Vector.MultiplyAddEstimate(g0, x0 - mean0, product0);
            product1 = Vector.MultiplyAddEstimate(g1, x1 - mean1, product1);
        }

        sum0.CopyTo(sums[c..]);
        sum1.CopyTo(sums[(c + width)..]);
        product0.CopyTo(sums[(channels + c)..]);
        product1.CopyTo(sums[(channels + c + width)..]);
    }

    private void SpreadLast(
        int row, int c, bool relu, ReadOnlySpan<float> direct, ReadOnlySpan<float> slope, ReadOnlySpan<float> offset, Span<float> inputGradient,
        bool accumulate)
    {
        int count = Mean.Length - c;
        int at = (row * Mean.Length) + c;
        Vector<float> x = PartialVector.Load(Input, at, count);
        Vector<float> g = Masked(
            relu, x, PartialVector.Load(OutputGradient, at, count), PartialVector.Load(Scale, c, count), PartialVector.Load(Shift, c, count));
        Vector<float> value = g * PartialVector.Load(direct, c, count);
        if (!slope.IsEmpty)
        {
            value += Vector.MultiplyAddEstimate(
                x - PartialVector.Load(Mean, c, count), PartialVector.Load(slope, c, count), PartialVector.Load(offset, c, count));
        }

        Add(value, inputGradient, at, count, accumulate);
    }

    private int Check(int from, int to)
    {
        int channels = Mean.Length;
        RowCheck.Rows(Input.Length, channels, default, from, to);
        RowCheck.Length(OutputGradient.Length, Input.Length, "output gradients");
        RowCheck.Length(Scale.Length, channels, "scales");
        RowCheck.Length(Shift.Length, channels, "shifts");
        return channels;
    }
}
