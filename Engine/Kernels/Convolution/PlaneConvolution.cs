using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// Convolution to few channels, with pixels side by side in a vector instead of channels: maps of masks and of attention have one or two channels, and
/// of a vector of output channels most lanes would be idle. Each output is one chain of multiply-adds, taps and then channels ascending, as in
/// every other direct convolution, so it has the same bits.
/// </summary>
/// <remarks>
/// The padded input is laid out in planes, one for each channel and each place within a stride, all with rows of one length. A tap is then one distance
/// from an output's place in them, over the ends of rows too: what is computed there is never stored.
/// </remarks>
internal static class PlaneConvolution
{
    // As many sums as it takes to hide how long one multiply-add takes: with half of them it is half as quick.
    private const int StripVectors = 8;

    // Planes of about so many elements stay in the nearest cache while they are read once for each tap.
    private const int PlanesLength = 1 << 15;
    private const int LongestScratch = 1 << 20;

    // Smaller maps fill no vectors.
    private const int LeastPixels = 9;

    /// <summary>Whether it can: one group, several taps, strides of at most 2, at most a vector of output channels, and planes that scratch has room for.</summary>
    /// <param name="geometry">The geometry.</param>
    public static bool Supports(in ConvolutionGeometry geometry) =>
        geometry.Groups == 1 && geometry.Taps > 1 && geometry.StrideHeight <= 2 && geometry.StrideWidth <= 2 && geometry.OutPixels >= LeastPixels
        && geometry.OutChannels <= Vector<float>.Count && PlaneLayout.Step(in geometry, 1) <= LongestScratch && Scratch(in geometry, 1) <= LongestScratch;

    /// <summary>The parts, of some rows of the output each, that the work of a map falls into.</summary>
    /// <param name="geometry">The geometry.</param>
    public static int PartCount(in ConvolutionGeometry geometry)
    {
        int rows = RowsPerPart(in geometry);
        return (geometry.OutHeight + rows - 1) / rows;
    }

    /// <summary>Rows of the output in each part but the last, which may have fewer.</summary>
    /// <param name="geometry">The geometry.</param>
    public static int RowsPerPart(in ConvolutionGeometry geometry)
    {
        long row = (long)geometry.InChannels * geometry.StrideHeight * geometry.StrideWidth * PlaneLayout.LengthOfRow(in geometry);
        int most = (int)Math.Clamp(PlanesLength / row, 1, geometry.OutHeight);
        int parts = (geometry.OutHeight + most - 1) / most;
        return (geometry.OutHeight + parts - 1) / parts;
    }

    /// <summary>The scratch memory that a part needs, in elements.</summary>
    /// <param name="geometry">The geometry.</param>
    public static int ScratchLength(in ConvolutionGeometry geometry) => (int)Scratch(in geometry, RowsPerPart(in geometry));

    /// <summary>Computes a part of one map.</summary>
    /// <param name="geometry">A geometry that it <see cref="Supports"/>.</param>
    /// <param name="input">x, [InHeight, InWidth, InChannels].</param>
    /// <param name="packed">
    /// The weights as <see cref="ConvolutionWeights.Pack"/> lays them out: one panel; from one channel to one as <see cref="DepthwiseConvolution.Pack"/> does.
    /// </param>
    /// <param name="output">y: [OutHeight, OutWidth, OutChannels], or the listed pixels if their list is compact.</param>
    /// <param name="pixels">The pixels to store; those of other parts among them.</param>
    /// <param name="epilogue">What is done to each sum.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/>.</param>
    /// <param name="part">Which one.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or a list does not ascend.</exception>
    public static void Forward(
        in ConvolutionGeometry geometry, ReadOnlySpan<float> input, ReadOnlySpan<float> packed, Span<float> output, ActiveList pixels,
        in Epilogue epilogue, Span<float> scratch, int part)
    {
        if (!Supports(in geometry) || input.Length != geometry.InElements || packed.Length != ConvolutionWeights.LengthFor(in geometry)
            || output.Length != pixels.Width(geometry.OutPixels) * geometry.OutChannels || scratch.Length < ScratchLength(in geometry)
            || (uint)part >= (uint)PartCount(in geometry))
        {
            throw new ArgumentException(
                $"Part {part} of a convolution along planes was given {input.Length} inputs, {packed.Length} weights, {scratch.Length} of scratch and {output.Length} outputs; expected {geometry.InElements}, {ConvolutionWeights.LengthFor(in geometry)}, {ScratchLength(in geometry)} and {pixels.Width(geometry.OutPixels) * geometry.OutChannels} of {PartCount(in geometry)} parts.");
        }

        epilogue.Check(geometry.OutChannels, output.Length);
        pixels.Check(geometry.OutPixels, "output pixels");
        int rows = RowsPerPart(in geometry);
        PlaneLayout layout = new(in geometry, part * rows, Math.Min(rows, geometry.OutHeight - (part * rows)));
        ReadOnlySpan<int> list = default;
        int first = 0;
        if (pixels.IsListed)
        {
            list = layout.Within(pixels.Indices, geometry.OutWidth, out first);
            if (list.IsEmpty)
            {
                return;
            }
        }

        layout.Fill(in geometry, input, scratch);
        Span<float> sums = scratch.Slice(layout.Length, layout.Places + (StripVectors * Vector<float>.Count));
        for (int channel = 0; channel < geometry.OutChannels; channel++)
        {
            Sums(in geometry, in layout, scratch[..layout.Length], packed[channel..], in epilogue, channel, sums);
            PlaneStore store = new(in geometry, in layout, channel, in epilogue);
            if (pixels.IsListed)
            {
                store.Listed(sums, list, pixels.IsCompact ? first : -1, output);
            }
            else
            {
                store.All(sums, output);
            }
        }
    }

    // What follows the sum of one channel is the same for all lanes.
    private static void Sums(
        in ConvolutionGeometry geometry, in PlaneLayout layout, ReadOnlySpan<float> planes, ReadOnlySpan<float> weights, in Epilogue epilogue, int channel,
        Span<float> sums)
    {
        int width = Vector<float>.Count;
        EpilogueSteps steps = epilogue.Steps & ~EpilogueSteps.Residual;
        if (epilogue.Steps != steps)
        {
            steps &= ~EpilogueSteps.Relu;
        }

        Span<float> scale = stackalloc float[width];
        Span<float> shift = stackalloc float[width];
        scale.Fill(epilogue.Scale.IsEmpty ? 1f : epilogue.Scale[channel]);
        shift.Fill(epilogue.Shift.IsEmpty ? 0f : epilogue.Shift[channel]);
        nuint weightStep = (nuint)WeightStep(in geometry);
        for (int place = 0; place < layout.Places; place += StripVectors * width)
        {
            Strip(in geometry, in layout, planes, weights, weightStep, place, sums.Slice(place, StripVectors * width));
        }

        // Afterwards, so that strips keep all their sums in registers; no residual is among the steps, so none is read.
        for (int at = 0; steps != EpilogueSteps.None && at < layout.Places; at += width)
        {
            Span<float> own = sums.Slice(at, width);
            Epilogue.Apply(steps, new Vector<float>(own), ref scale[0], ref shift[0], ref own[0]).CopyTo(own);
        }
    }

    // It calls nothing and is not inlined, since its sums would not stay in registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Strip(
        in ConvolutionGeometry geometry, in PlaneLayout layout, ReadOnlySpan<float> planes, ReadOnlySpan<float> weights, nuint weightStep, int place, Span<float> sums)
    {
        nuint width = (nuint)Vector<float>.Count;
        int channels = geometry.InChannels;
        int columns = geometry.KernelWidth;
        Vector<float> s0 = Vector<float>.Zero, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
        ref float weight = ref MemoryMarshal.GetReference(weights);
        ref float first = ref MemoryMarshal.GetReference(planes);
        nuint planeStep = (nuint)layout.PlaneStep;
        nuint weightAt = 0;
        for (int tap = 0; tap < geometry.Taps; tap++)
        {
            // A tap's distance keeps every place within its plane, and behind the last plane there is room for a strip; the weights have
            // a row for each tap and channel, and the span starts within their first.
            nuint at = (nuint)(place + layout.Distance(tap / columns, tap % columns));
            for (int c = 0; c < channels; c++, at += planeStep, weightAt += weightStep)
            {
                Vector<float> w = new(Unsafe.Add(ref weight, weightAt));
                s0 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref first, at), w, s0);
                s1 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref first, at + width), w, s1);
                s2 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref first, at + (2 * width)), w, s2);
                s3 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref first, at + (3 * width)), w, s3);
                s4 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref first, at + (4 * width)), w, s4);
                s5 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref first, at + (5 * width)), w, s5);
                s6 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref first, at + (6 * width)), w, s6);
                s7 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref first, at + (7 * width)), w, s7);
            }
        }

        s0.CopyTo(sums);
        s1.CopyTo(sums[Vector<float>.Count..]);
        s2.CopyTo(sums[(2 * Vector<float>.Count)..]);
        s3.CopyTo(sums[(3 * Vector<float>.Count)..]);
        s4.CopyTo(sums[(4 * Vector<float>.Count)..]);
        s5.CopyTo(sums[(5 * Vector<float>.Count)..]);
        s6.CopyTo(sums[(6 * Vector<float>.Count)..]);
        s7.CopyTo(sums[(7 * Vector<float>.Count)..]);
    }

    private static int WeightStep(in ConvolutionGeometry geometry) => ConvolutionWeights.LengthFor(in geometry) / (geometry.Taps * geometry.InChannels);

    private static long Scratch(in ConvolutionGeometry geometry, int rows) =>
        PlaneLayout.LengthOf(in geometry, rows) + ((long)rows * PlaneLayout.LengthOfRow(in geometry)) + (2 * StripVectors * Vector<float>.Count);
}
