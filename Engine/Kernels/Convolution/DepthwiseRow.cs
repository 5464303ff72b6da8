using System.Numerics;
using System.Runtime.CompilerServices;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>How far apart the taps of two neighbouring pixels are, known to the compiler.</summary>
internal interface IDepthwiseStride
{
    static abstract int Value { get; }

    /// <summary>Computes some pixels side by side, for some vectors of channels.</summary>
    static abstract void Run<TPixels, TKernel, TClip, TVector>(scoped ref DepthwiseRow row)
        where TPixels : struct, IExtent
        where TKernel : struct, IExtent
        where TClip : struct, IFlag
        where TVector : struct, IDepthwiseVector<TVector>;
}

/// <summary>A property that the compiler knows.</summary>
internal interface IFlag
{
    static abstract bool Value { get; }
}

internal readonly struct No : IFlag
{
    public static bool Value => false;
}

internal readonly struct Yes : IFlag
{
    public static bool Value => true;
}

internal readonly struct Seven : IExtent
{
    public static int Value => 7;
}

internal readonly struct Eight : IExtent
{
    public static int Value => 8;
}

/// <summary>A row of sums for each pixel.</summary>
[InlineArray(DepthwiseRow.MaximumPixels * DepthwiseRow.TileStep)]
internal struct DepthwiseTile
{
    private float _first;
}

/// <summary>
/// Up to eight target pixels side by side in a row of a depthwise convolution (or of its input gradient, when the stride is 1), and the
/// channels to compute there: what <see cref="DepthwiseStride1"/> and <see cref="DepthwiseStride2"/> read and write.
/// </summary>
/// <remarks>
/// Columns are the source pixels of a row that the pixels' taps cover, from the first pixel's first tap on. Only those from
/// <see cref="FirstColumn"/> on, <see cref="ColumnCount"/> of them, lie within the source, and no other is read; every kernel row counted by
/// <see cref="Rows"/> lies within it too. There are at least as many channels as a vector has elements: the last vector begins early enough
/// to end with the last channel, so nothing is read or written beyond a pixel.
/// </remarks>
internal ref struct DepthwiseRow
{
    /// <summary>The most pixels that are computed together: eight sums hide the time of a multiply-add.</summary>
    public const int MaximumPixels = 8;

    /// <summary>From a pixel's sums in the tile to the next one's: no vector is wider.</summary>
    public const int TileStep = 16;

    /// <summary>The fewest.</summary>
    public const int MinimumPixels = 4;

    public ref float Source;
    public ref float Weights;
    public ref float Output;
    public ref float Scale;
    public ref float Shift;
    public ref float Residual;
    public EpilogueSteps Steps;

    /// <summary>Where sums wait for the epilogue.</summary>
    public DepthwiseTile Tile;

    /// <summary>Channels of a pixel.</summary>
    public nint Channels;

    /// <summary>The first channel to compute, a multiple of two vectors.</summary>
    public nint Channel;

    /// <summary>Where the channels to compute end: at a multiple of two vectors or with the last channel.</summary>
    public nint EndChannel;

    /// <summary>Elements from a column to the next; negative in an input gradient.</summary>
    public nint SourceStep;

    /// <summary>Elements from a kernel row's source row to the next one's.</summary>
    public nint SourceRowStep;

    /// <summary>Elements from a tap's weights to the next one's.</summary>
    public nint WeightStep;

    /// <summary>Elements from a kernel row's weights to the next one's.</summary>
    public nint WeightRowStep;

    /// <summary>Elements from a pixel's place in the output to the next one's; negative in an input gradient.</summary>
    public nint TargetStep;

    /// <summary>Kernel rows that count.</summary>
    public nint Rows;

    /// <summary>The weights of the first kernel row that counts.</summary>
    public nint FirstWeight;

    /// <summary>Channel 0 of the first column that counts, in the first row that counts.</summary>
    public nint FirstSource;

    /// <summary>Channel 0 of the first pixel in the output.</summary>
    public nint FirstTarget;

    /// <summary>The first column that counts.</summary>
    public int FirstColumn;

    /// <summary>Columns that count.</summary>
    public int ColumnCount;

    /// <summary>Whether there is a loop for a kernel of this many columns with this stride.</summary>
    public static bool Exists(int columns, int stride) => columns is 3 or 5 or 7 && stride is 1 or 2;

    /// <summary>Runs the loop that fits.</summary>
    /// <param name="pixels">Pixels, <see cref="MinimumPixels"/> to <see cref="MaximumPixels"/>.</param>
    /// <param name="columns">Columns of the kernel.</param>
    /// <param name="stride">The stride.</param>
    public void Run(int pixels, int columns, int stride)
    {
        bool clips = FirstColumn > 0 || ColumnCount < ((pixels - 1) * stride) + columns;
        if (stride == 1)
        {
            Run<DepthwiseStride1>(pixels, columns, clips);
        }
        else
        {
            Run<DepthwiseStride2>(pixels, columns, clips);
        }
    }

    /// <summary>Takes the sums from the tile through the epilogue to the output.</summary>
    /// <param name="pixels">Pixels.</param>
    /// <param name="channel">The channel of the sums' first element.</param>
    /// <param name="width">Channels of the sums, a multiple of a vector.</param>
    /// <param name="skipped">First elements that have been stored already: stored again, they would get a residual twice that is the output.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Finish(int pixels, nint channel, int width, int skipped)
    {
        if (skipped > 0)
        {
            FinishRest(pixels, channel, width, skipped);
            return;
        }

        // A step that is not taken changes no bit: a factor of 1, a summand of −0, a bound that nothing is below.
        EpilogueSteps steps = Steps;
        bool adds = (steps & EpilogueSteps.Residual) != 0;
        Vector<float> bound = new((steps & EpilogueSteps.Relu) != 0 ? 0f : float.NegativeInfinity);
        for (int part = 0; part < width; part += Vector<float>.Count, channel += Vector<float>.Count)
        {
            Vector<float> scale = (steps & EpilogueSteps.Scale) != 0 ? Vector.LoadUnsafe(ref Unsafe.Add(ref Scale, channel)) : Vector<float>.One;
            Vector<float> shift = (steps & EpilogueSteps.Shift) != 0 ? Vector.LoadUnsafe(ref Unsafe.Add(ref Shift, channel)) : new Vector<float>(-0f);
            ref float tile = ref Tile[part];
            nint target = FirstTarget + channel;
            for (int i = 0; i < pixels; i++, target += TargetStep, tile = ref Unsafe.Add(ref tile, TileStep))
            {
                Vector<float> sum = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref tile), scale, shift);
                if (adds)
                {
                    sum += Vector.LoadUnsafe(ref Unsafe.Add(ref Residual, target));
                }

                Vector.ConditionalSelect(Vector.LessThan(sum, bound), Vector<float>.Zero, sum).StoreUnsafe(ref Unsafe.Add(ref Output, target));
            }
        }
    }

    // A last vector that begins among elements that have been stored.
    private void FinishRest(int pixels, nint channel, int width, int skipped)
    {
        for (int part = 0; part < width; part += Vector<float>.Count, channel += Vector<float>.Count, skipped -= Vector<float>.Count)
        {
            for (int i = 0; i < pixels && skipped < Vector<float>.Count; i++)
            {
                nint target = FirstTarget + (i * TargetStep) + channel;
                Vector<float> sum = Epilogue.Apply(
                    Steps, Vector.LoadUnsafe(ref Tile[(i * TileStep) + part]), ref Unsafe.Add(ref Scale, channel), ref Unsafe.Add(ref Shift, channel),
                    ref Unsafe.Add(ref Residual, target));
                if (skipped <= 0)
                {
                    sum.StoreUnsafe(ref Unsafe.Add(ref Output, target));
                    continue;
                }

                for (int lane = skipped; lane < Vector<float>.Count; lane++)
                {
                    Unsafe.Add(ref Output, target + lane) = sum[lane];
                }
            }
        }
    }

    private void Run<TStride>(int pixels, int columns, bool clips)
        where TStride : struct, IDepthwiseStride
    {
        switch (columns)
        {
            case 3:
                Run<TStride, Extent3>(pixels, clips);
                break;
            case 5:
                Run<TStride, Extent5>(pixels, clips);
                break;
            default:
                Run<TStride, Seven>(pixels, clips);
                break;
        }
    }

    private void Run<TStride, TKernel>(int pixels, bool clips)
        where TStride : struct, IDepthwiseStride
        where TKernel : struct, IExtent
    {
        if (clips)
        {
            Run<TStride, TKernel, Yes>(pixels);
        }
        else
        {
            Run<TStride, TKernel, No>(pixels);
        }
    }

    private void Run<TStride, TKernel, TClip>(int pixels)
        where TStride : struct, IDepthwiseStride
        where TKernel : struct, IExtent
        where TClip : struct, IFlag
    {
        if (WideDepthwiseVector.IsSupported && Channels >= WideDepthwiseVector.Width)
        {
            Run<TStride, TKernel, TClip, WideDepthwiseVector>(pixels);
        }
        else
        {
            Run<TStride, TKernel, TClip, DepthwiseVector>(pixels);
        }
    }

    private void Run<TStride, TKernel, TClip, TVector>(int pixels)
        where TStride : struct, IDepthwiseStride
        where TKernel : struct, IExtent
        where TClip : struct, IFlag
        where TVector : struct, IDepthwiseVector<TVector>
    {
        switch (pixels)
        {
            case 4:
                TStride.Run<Extent4, TKernel, TClip, TVector>(ref this);
                break;
            case 5:
                TStride.Run<Extent5, TKernel, TClip, TVector>(ref this);
                break;
            case 6:
                TStride.Run<Extent6, TKernel, TClip, TVector>(ref this);
                break;
            case 7:
                TStride.Run<Seven, TKernel, TClip, TVector>(ref this);
                break;
            default:
                TStride.Run<Eight, TKernel, TClip, TVector>(ref this);
                break;
        }
    }
}
