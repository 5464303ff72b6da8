using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// The input pixels that a block of output pixels meets: whole rows of a map, or whole maps of some samples, so they lie one after another
/// in the input.
/// </summary>
/// <param name="First">The first pixel, counted from the block's first sample.</param>
/// <param name="Count">The number of pixels.</param>
internal readonly record struct InputWindow(int First, int Count)
{
    /// <summary>Floats of a gathered pixel: the rows of a tile, rounded up.</summary>
    public const int Step = 8;

    /// <summary>The window of a block.</summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="samples">Samples that share the block; more than one only if the block is a whole map.</param>
    /// <param name="from">The block's first output pixel.</param>
    /// <param name="to">The output pixel after its last.</param>
    public static InputWindow Of(in ConvolutionGeometry geometry, int samples, int from, int to)
    {
        if (samples > 1)
        {
            return new InputWindow(0, samples * geometry.InPixels);
        }
        long top = ((long)(from / geometry.OutWidth) * geometry.StrideHeight) - geometry.PadTop;
        long bottom = ((long)((to - 1) / geometry.OutWidth) * geometry.StrideHeight) - geometry.PadTop
            + ((geometry.KernelHeight - 1L) * geometry.DilationHeight) + 1;
        int first = (int)Math.Clamp(top, 0, geometry.InHeight);
        int end = (int)Math.Clamp(bottom, first, geometry.InHeight);
        return new InputWindow(first * geometry.InWidth, (end - first) * geometry.InWidth);
    }

    /// <summary>The most pixels that the window of any block can have.</summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="samples">Samples that share a block.</param>
    public static int Largest(in ConvolutionGeometry geometry, int samples)
    {
        if (samples > 1)
        {
            return samples * geometry.InPixels;
        }
        long outRows = Math.Min(geometry.OutHeight, ((PixelChunks.BlockPixels - 2L + geometry.OutWidth) / geometry.OutWidth) + 1);
        long inRows = ((outRows - 1) * geometry.StrideHeight) + ((geometry.KernelHeight - 1L) * geometry.DilationHeight) + 1;
        return (int)Math.Min(geometry.InHeight, inRows) * geometry.InWidth;
    }

    /// <summary>Copies a tile's channels of all pixels side by side, <see cref="Step"/> floats a pixel; what is beyond the tile means nothing.</summary>
    /// <param name="input">The input, from the tile's first channel of the first pixel on.</param>
    /// <param name="channels">Floats from one pixel to the next.</param>
    /// <param name="height">Channels of the tile, at most <see cref="Step"/>.</param>
    /// <param name="target">Count · Step floats.</param>
    public void Gather(ReadOnlySpan<float> input, int channels, int height, Span<float> target)
    {
        // Pixels from which a whole step can be read without passing the input's end.
        int whole = input.Length < Step ? 0 : (int)Math.Min(Count, ((long)(input.Length - Step) / channels) + 1);
        ref float from = ref MemoryMarshal.GetReference(input);
        ref float to = ref MemoryMarshal.GetReference(target[..(Count * Step)]);
        for (nint pixel = 0; pixel < whole; pixel++)
        {
            ref float x = ref Unsafe.Add(ref from, pixel * channels);
            ref float y = ref Unsafe.Add(ref to, pixel * Step);
            if (Vector<float>.Count == Step)
            {
                Vector.LoadUnsafe(ref x).StoreUnsafe(ref y);
            }
            else
            {
                Unsafe.As<float, Eight>(ref y) = Unsafe.As<float, Eight>(ref x);
            }
        }
        for (int pixel = whole; pixel < Count; pixel++)
        {
            input.Slice(pixel * channels, height).CopyTo(target[(pixel * Step)..]);
        }
    }

    [InlineArray(Step)]
    private struct Eight
    {
        private float _first;
    }
}
