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

    /// <summary>Four pixels, two vectors of channels at a time: eight sums share each tap's weights.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Four(ref int sources, ref int targets)
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
            Store(s00, targets + channel, channel);
            Store(s01, targets + channel + (nint)lanes, channel + (nint)lanes);
            Store(s10, Unsafe.Add(ref targets, 1) + channel, channel);
            Store(s11, Unsafe.Add(ref targets, 1) + channel + (nint)lanes, channel + (nint)lanes);
            Store(s20, Unsafe.Add(ref targets, 2) + channel, channel);
            Store(s21, Unsafe.Add(ref targets, 2) + channel + (nint)lanes, channel + (nint)lanes);
            Store(s30, Unsafe.Add(ref targets, 3) + channel, channel);
            Store(s31, Unsafe.Add(ref targets, 3) + channel + (nint)lanes, channel + (nint)lanes);
        }
        if (channel < Channels)
        {
            for (int pixel = 0; pixel < Pixels; pixel++)
            {
                One(Unsafe.Add(ref sources, pixel), Unsafe.Add(ref targets, pixel), channel);
            }
        }
    }

    /// <summary>One pixel, from a channel on.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void One(nint source, nint target, nint channel)
    {
        nint lanes = Vector<float>.Count;
        for (; channel + lanes <= Channels; channel += lanes)
        {
            ref float x = ref Unsafe.Add(ref Source, source + channel);
            ref float w = ref Unsafe.Add(ref Weights, FirstWeight + channel);
            Vector<float> sum = default;
            for (nint row = 0; row < RowCount; row++)
            {
                nint at = row * SourceRowStep;
                nint weight = row * WeightRowStep;
                for (nint column = 0; column < ColumnCount; column++)
                {
                    sum = Vector.MultiplyAddEstimate(
                        Vector.LoadUnsafe(ref Unsafe.Add(ref x, at)), Vector.LoadUnsafe(ref Unsafe.Add(ref w, weight)), sum);
                    at += SourceColumnStep;
                    weight += WeightColumnStep;
                }
            }
            Store(sum, target + channel, channel);
        }
        if (channel < Channels)
        {
            Tail(source + channel, target + channel, channel, (int)(Channels - channel));
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
