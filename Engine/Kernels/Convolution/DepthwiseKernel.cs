using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// The inner loops of depthwise convolution: for a few target pixels that meet the same taps, along the channels. Each target value is one
/// chain of multiply-adds, taps ascending, so it is the same whichever loop computed it.
/// </summary>
/// <remarks>
/// Callers guarantee that every tap's source pixel lies within the source, that weights hold a row of channels, rounded up to whole vectors,
/// a tap, and that target pixels lie within the output. Nothing is read or written beyond the last channel of a pixel, except weights
/// and the next pixel's channels where there is a next pixel.
/// </remarks>
internal ref struct DepthwiseKernel
{
    /// <summary>Pixels that <see cref="Four"/> takes.</summary>
    public const int Pixels = 4;

    public ref float Source;
    public nint SourceLength;
    public ref float Weights;
    public ref float Output;
    public nint Channels;

    // Taps of the pixels at hand, from the first one's place in source and weights on.
    public nint RowCount;
    public nint ColumnCount;
    public nint SourceRowStep;
    public nint SourceColumnStep;
    public nint WeightRowStep;
    public nint WeightColumnStep;
    public nint FirstWeight;

    public EpilogueSteps Steps;
    public ref float Scale;
    public ref float Shift;
    public ref float Residual;

    /// <summary>Up to four pixels, two vectors of channels at a time: eight sums share each tap's weights.</summary>
    /// <param name="sources">Where the pixels' first taps start; four, beyond the last pixel any sound place.</param>
    /// <param name="targets">Where the pixels start in the output.</param>
    /// <param name="count">Pixels, 1 to 4.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Four(ref int sources, ref int targets, int count)
    {
        nuint lanes = (nuint)Vector<float>.Count;
        nint channel = 0;
        for (; channel + (2 * (nint)lanes) <= Channels; channel += 2 * (nint)lanes)
        {
            ref float x0 = ref Unsafe.Add(ref Source, sources + channel);
            ref float x1 = ref Unsafe.Add(ref Source, Unsafe.Add(ref sources, 1) + channel);
            ref float x2 = ref Unsafe.Add(ref Source, Unsafe.Add(ref sources, 2) + channel);
            ref float x3 = ref Unsafe.Add(ref Source, Unsafe.Add(ref sources, 3) + channel);
            ref float w = ref Unsafe.Add(ref Weights, FirstWeight + channel);
            Vector<float> s00 = default, s01 = default, s10 = default, s11 = default;
            Vector<float> s20 = default, s21 = default, s30 = default, s31 = default;
            nint columns = ColumnCount, sourceStep = SourceColumnStep, weightStep = WeightColumnStep;
            for (nint row = 0; row < RowCount; row++)
            {
                nint at = row * SourceRowStep;
                nint weight = row * WeightRowStep;
                for (nint column = 0; column < columns; column++)
                {
                    Vector<float> w0 = Vector.LoadUnsafe(ref Unsafe.Add(ref w, weight));
                    Vector<float> w1 = Vector.LoadUnsafe(ref Unsafe.Add(ref w, weight), lanes);
                    ref float x = ref Unsafe.Add(ref x0, at);
                    s00 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref x), w0, s00);
                    s01 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref x, lanes), w1, s01);
                    x = ref Unsafe.Add(ref x1, at);
                    s10 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref x), w0, s10);
                    s11 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref x, lanes), w1, s11);
                    x = ref Unsafe.Add(ref x2, at);
                    s20 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref x), w0, s20);
                    s21 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref x, lanes), w1, s21);
                    x = ref Unsafe.Add(ref x3, at);
                    s30 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref x), w0, s30);
                    s31 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref x, lanes), w1, s31);
                    at += sourceStep;
                    weight += weightStep;
                }
            }
            if (Steps != EpilogueSteps.None)
            {
                Finish(s00, s01, s10, s11, s20, s21, s30, s31, ref targets, count, channel);
                continue;
            }
            Store(s00, s01, targets + channel);
            if (count > 1)
            {
                Store(s10, s11, Unsafe.Add(ref targets, 1) + channel);
            }
            if (count > 2)
            {
                Store(s20, s21, Unsafe.Add(ref targets, 2) + channel);
            }
            if (count > 3)
            {
                Store(s30, s31, Unsafe.Add(ref targets, 3) + channel);
            }
        }
        Rest(ref sources, ref targets, count, channel);
    }

    /// <summary>
    /// Four pixels whose taps of a kernel row lie side by side, three columns: each source vector is loaded once for up to three sums. The sums
    /// are those of <see cref="Four"/>.
    /// </summary>
    /// <param name="sources">Where the first taps of the four pixels start, each one column step after the one before.</param>
    /// <param name="targets">Where the pixels start in the output.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void FourAdjacent(ref int sources, ref int targets)
    {
        nuint lanes = (nuint)Vector<float>.Count;
        nint channel = 0;
        nint step = SourceColumnStep;
        nint weightStep = WeightColumnStep;
        for (; channel + (2 * (nint)lanes) <= Channels; channel += 2 * (nint)lanes)
        {
            ref float x = ref Unsafe.Add(ref Source, sources + channel);
            ref float w = ref Unsafe.Add(ref Weights, FirstWeight + channel);
            Vector<float> s00 = default, s01 = default, s10 = default, s11 = default;
            Vector<float> s20 = default, s21 = default, s30 = default, s31 = default;
            for (nint row = RowCount; row > 0; row--)
            {
                Vector<float> a0 = Vector.LoadUnsafe(ref w), a1 = Vector.LoadUnsafe(ref w, lanes);
                ref float weight = ref Unsafe.Add(ref w, weightStep);
                Vector<float> b0 = Vector.LoadUnsafe(ref weight), b1 = Vector.LoadUnsafe(ref weight, lanes);
                weight = ref Unsafe.Add(ref weight, weightStep);
                Vector<float> c0 = Vector.LoadUnsafe(ref weight), c1 = Vector.LoadUnsafe(ref weight, lanes);
                ref float at = ref x;
                Vector<float> v = Vector.LoadUnsafe(ref at);
                s00 = Vector.MultiplyAddEstimate(v, a0, s00);
                v = Vector.LoadUnsafe(ref at, lanes);
                s01 = Vector.MultiplyAddEstimate(v, a1, s01);
                at = ref Unsafe.Add(ref at, step);
                v = Vector.LoadUnsafe(ref at);
                s00 = Vector.MultiplyAddEstimate(v, b0, s00);
                s10 = Vector.MultiplyAddEstimate(v, a0, s10);
                v = Vector.LoadUnsafe(ref at, lanes);
                s01 = Vector.MultiplyAddEstimate(v, b1, s01);
                s11 = Vector.MultiplyAddEstimate(v, a1, s11);
                at = ref Unsafe.Add(ref at, step);
                v = Vector.LoadUnsafe(ref at);
                s00 = Vector.MultiplyAddEstimate(v, c0, s00);
                s10 = Vector.MultiplyAddEstimate(v, b0, s10);
                s20 = Vector.MultiplyAddEstimate(v, a0, s20);
                v = Vector.LoadUnsafe(ref at, lanes);
                s01 = Vector.MultiplyAddEstimate(v, c1, s01);
                s11 = Vector.MultiplyAddEstimate(v, b1, s11);
                s21 = Vector.MultiplyAddEstimate(v, a1, s21);
                at = ref Unsafe.Add(ref at, step);
                v = Vector.LoadUnsafe(ref at);
                s10 = Vector.MultiplyAddEstimate(v, c0, s10);
                s20 = Vector.MultiplyAddEstimate(v, b0, s20);
                s30 = Vector.MultiplyAddEstimate(v, a0, s30);
                v = Vector.LoadUnsafe(ref at, lanes);
                s11 = Vector.MultiplyAddEstimate(v, c1, s11);
                s21 = Vector.MultiplyAddEstimate(v, b1, s21);
                s31 = Vector.MultiplyAddEstimate(v, a1, s31);
                at = ref Unsafe.Add(ref at, step);
                v = Vector.LoadUnsafe(ref at);
                s20 = Vector.MultiplyAddEstimate(v, c0, s20);
                s30 = Vector.MultiplyAddEstimate(v, b0, s30);
                v = Vector.LoadUnsafe(ref at, lanes);
                s21 = Vector.MultiplyAddEstimate(v, c1, s21);
                s31 = Vector.MultiplyAddEstimate(v, b1, s31);
                at = ref Unsafe.Add(ref at, step);
                s30 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref at), c0, s30);
                s31 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref at, lanes), c1, s31);
                if (row > 1)
                {
                    x = ref Unsafe.Add(ref x, SourceRowStep);
                    w = ref Unsafe.Add(ref w, WeightRowStep);
                }
            }
            if (Steps != EpilogueSteps.None)
            {
                Finish(s00, s01, s10, s11, s20, s21, s30, s31, ref targets, Pixels, channel);
                continue;
            }
            Store(s00, s01, targets + channel);
            Store(s10, s11, Unsafe.Add(ref targets, 1) + channel);
            Store(s20, s21, Unsafe.Add(ref targets, 2) + channel);
            Store(s30, s31, Unsafe.Add(ref targets, 3) + channel);
        }
        Rest(ref sources, ref targets, Pixels, channel);
    }

    // What pairs of vectors leave over: a vector, then a part of one.
    private void Rest(ref int sources, ref int targets, int count, nint channel)
    {
        nint lanes = Vector<float>.Count;
        if (channel + lanes <= Channels)
        {
            ref float x0 = ref Unsafe.Add(ref Source, sources + channel);
            ref float x1 = ref Unsafe.Add(ref Source, Unsafe.Add(ref sources, 1) + channel);
            ref float x2 = ref Unsafe.Add(ref Source, Unsafe.Add(ref sources, 2) + channel);
            ref float x3 = ref Unsafe.Add(ref Source, Unsafe.Add(ref sources, 3) + channel);
            ref float w = ref Unsafe.Add(ref Weights, FirstWeight + channel);
            Vector<float> s0 = default, s1 = default, s2 = default, s3 = default;
            for (nint row = 0; row < RowCount; row++)
            {
                nint at = row * SourceRowStep;
                nint weight = row * WeightRowStep;
                for (nint column = 0; column < ColumnCount; column++)
                {
                    Vector<float> w0 = Vector.LoadUnsafe(ref Unsafe.Add(ref w, weight));
                    s0 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref Unsafe.Add(ref x0, at)), w0, s0);
                    s1 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref Unsafe.Add(ref x1, at)), w0, s1);
                    s2 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref Unsafe.Add(ref x2, at)), w0, s2);
                    s3 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref Unsafe.Add(ref x3, at)), w0, s3);
                    at += SourceColumnStep;
                    weight += WeightColumnStep;
                }
            }
            Store(s0, targets + channel, channel);
            if (count > 1)
            {
                Store(s1, Unsafe.Add(ref targets, 1) + channel, channel);
            }
            if (count > 2)
            {
                Store(s2, Unsafe.Add(ref targets, 2) + channel, channel);
            }
            if (count > 3)
            {
                Store(s3, Unsafe.Add(ref targets, 3) + channel, channel);
            }
            channel += lanes;
        }
        for (int pixel = 0; channel < Channels && pixel < count; pixel++)
        {
            Tail(Unsafe.Add(ref sources, pixel) + channel, Unsafe.Add(ref targets, pixel) + channel, channel, (int)(Channels - channel));
        }
    }

    // The last channels, fewer than a vector: the same chain on vectors of which only the first elements mean something.
    private void Tail(nint source, nint target, nint channel, int count)
    {
        Vector<float> sum = default;
        for (nint row = 0; row < RowCount; row++)
        {
            for (nint column = 0; column < ColumnCount; column++)
            {
                nint at = source + (row * SourceRowStep) + (column * SourceColumnStep);
                nint weight = FirstWeight + channel + (row * WeightRowStep) + (column * WeightColumnStep);
                Vector<float> x = at + Vector<float>.Count <= SourceLength
                    ? Vector.LoadUnsafe(ref Unsafe.Add(ref Source, at))
                    : Part(ref Unsafe.Add(ref Source, at), count);
                sum = Vector.MultiplyAddEstimate(x, Vector.LoadUnsafe(ref Unsafe.Add(ref Weights, weight)), sum);
            }
        }
        if (Steps != EpilogueSteps.None)
        {
            Vector<float> scale = (Steps & EpilogueSteps.Scale) != 0 ? Part(ref Unsafe.Add(ref Scale, channel), count) : default;
            Vector<float> shift = (Steps & EpilogueSteps.Shift) != 0 ? Part(ref Unsafe.Add(ref Shift, channel), count) : default;
            Vector<float> residual = (Steps & EpilogueSteps.Residual) != 0 ? Part(ref Unsafe.Add(ref Residual, target), count) : default;
            sum = Epilogue.Apply(
                Steps, sum, ref Unsafe.As<Vector<float>, float>(ref scale), ref Unsafe.As<Vector<float>, float>(ref shift),
                ref Unsafe.As<Vector<float>, float>(ref residual));
        }
        for (int i = 0; i < count; i++)
        {
            Unsafe.Add(ref Output, target + i) = sum[i];
        }
    }

    private static Vector<float> Part(ref float first, int count)
    {
        Vector<float> part = default;
        MemoryMarshal.CreateReadOnlySpan(ref first, count).CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.As<Vector<float>, float>(ref part), count));
        return part;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Store(Vector<float> first, Vector<float> second, nint target)
    {
        ref float place = ref Unsafe.Add(ref Output, target);
        first.StoreUnsafe(ref place);
        second.StoreUnsafe(ref place, (nuint)Vector<float>.Count);
    }

    // Kept out of the loops above: the processor's registers are all taken there.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void Finish(
        Vector<float> s00, Vector<float> s01, Vector<float> s10, Vector<float> s11, Vector<float> s20, Vector<float> s21, Vector<float> s30,
        Vector<float> s31, ref int targets, int count, nint channel)
    {
        nint second = channel + Vector<float>.Count;
        Store(s00, targets + channel, channel);
        Store(s01, targets + second, second);
        if (count > 1)
        {
            Store(s10, Unsafe.Add(ref targets, 1) + channel, channel);
            Store(s11, Unsafe.Add(ref targets, 1) + second, second);
        }
        if (count > 2)
        {
            Store(s20, Unsafe.Add(ref targets, 2) + channel, channel);
            Store(s21, Unsafe.Add(ref targets, 2) + second, second);
        }
        if (count > 3)
        {
            Store(s30, Unsafe.Add(ref targets, 3) + channel, channel);
            Store(s31, Unsafe.Add(ref targets, 3) + second, second);
        }
    }

    private readonly void Store(Vector<float> sum, nint target, nint channel)
    {
        if (Steps != EpilogueSteps.None)
        {
            sum = Epilogue.Apply(
                Steps, sum, ref Unsafe.Add(ref Scale, channel), ref Unsafe.Add(ref Shift, channel), ref Unsafe.Add(ref Residual, target));
        }
        sum.StoreUnsafe(ref Unsafe.Add(ref Output, target));
    }
}
