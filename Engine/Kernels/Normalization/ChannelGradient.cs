using System;
using System.Numerics;

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
        for (int c = 0; c < channels; c += Vector<float>.Count)
        {
            int count = Math.Min(Vector<float>.Count, channels - c);
            Vector<float> mean = PartialVector.Load(Mean, c, count);
            Vector<float> scale = PartialVector.Load(Scale, c, count);
            Vector<float> shift = PartialVector.Load(Shift, c, count);
            Vector<float> even = Vector<float>.Zero, evenProduct = even, odd = even, oddProduct = even;
            int row = from;

            // Two rows at a time: more sums in flight than one addition's latency.
            for (; row < to - 1; row += 2)
            {
                Vector<float> x = PartialVector.Load(Input, (row * channels) + c, count);
                Vector<float> g = Masked(x, PartialVector.Load(OutputGradient, (row * channels) + c, count), scale, shift);
                even += g;
                evenProduct = Vector.MultiplyAddEstimate(g, x - mean, evenProduct);
                x = PartialVector.Load(Input, ((row + 1) * channels) + c, count);
                g = Masked(x, PartialVector.Load(OutputGradient, ((row + 1) * channels) + c, count), scale, shift);
                odd += g;
                oddProduct = Vector.MultiplyAddEstimate(g, x - mean, oddProduct);
            }

            if (row < to)
            {
                Vector<float> x = PartialVector.Load(Input, (row * channels) + c, count);
                Vector<float> g = Masked(x, PartialVector.Load(OutputGradient, (row * channels) + c, count), scale, shift);
                even += g;
                evenProduct = Vector.MultiplyAddEstimate(g, x - mean, evenProduct);
            }

            PartialVector.Store(even + odd, sums.Slice(c, count));
            PartialVector.Store(evenProduct + oddProduct, sums.Slice(channels + c, count));
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
        for (int row = from; row < to; row++)
        {
            for (int c = 0; c < channels; c += Vector<float>.Count)
            {
                int count = Math.Min(Vector<float>.Count, channels - c);
                int at = (row * channels) + c;
                Vector<float> x = PartialVector.Load(Input, at, count);
                Vector<float> g = Masked(
                    x, PartialVector.Load(OutputGradient, at, count), PartialVector.Load(Scale, c, count), PartialVector.Load(Shift, c, count));
                Vector<float> value = g * PartialVector.Load(direct, c, count);
                if (!slope.IsEmpty)
                {
                    value += Vector.MultiplyAddEstimate(
                        x - PartialVector.Load(Mean, c, count), PartialVector.Load(slope, c, count), PartialVector.Load(offset, c, count));
                }

                Add(value, inputGradient, at, count, accumulate);
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

    private Vector<float> Masked(Vector<float> x, Vector<float> gradient, Vector<float> scale, Vector<float> shift) =>
        Activation == Activation.Relu
            ? Vector.ConditionalSelect(
                Vector.GreaterThan(Vector.MultiplyAddEstimate(x, scale, shift), Vector<float>.Zero), gradient, Vector<float>.Zero)
            : gradient;

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
