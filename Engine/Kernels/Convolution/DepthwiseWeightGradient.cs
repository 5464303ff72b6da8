using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Selections;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// The gradient of a depthwise convolution with respect to its weight, along the channels:
/// dW[c, 0, ky, kx] = Σ over samples n and output pixels (oy, ox) of dy[n, oy, ox, c] · x[n, iy, ix, c]. The sum goes in fixed chunks along a
/// fixed tree, as in <see cref="ConvolutionWeightGradient"/>, whose rules hold here too.
/// </summary>
public static class DepthwiseWeightGradient
{
    // Every channel is a vector's lane whose operands come from memory: such a multiply-add costs as much as several of a register tile.
    private const int CostFactor = 8;

    /// <summary>The number of chunks, a pure function of its arguments.</summary>
    /// <param name="geometry">A depthwise convolution.</param>
    /// <param name="batch">Samples.</param>
    public static int ChunkCount(in ConvolutionGeometry geometry, int batch) =>
        IsNarrow(geometry) ? ConvolutionWeightGradient.ChunkCount(geometry, batch) : Chunks(geometry, batch).Count;

    /// <summary>Floats of one chunk's partial sums.</summary>
    /// <param name="geometry">A depthwise convolution.</param>
    public static int PartialElements(in ConvolutionGeometry geometry) =>
        IsNarrow(geometry) ? ConvolutionWeightGradient.PartialElements(geometry) : Partial(geometry);

    /// <summary>Floats that a thread needs as scratch.</summary>
    /// <param name="geometry">A depthwise convolution.</param>
    public static int ScratchElements(in ConvolutionGeometry geometry) =>
        IsNarrow(geometry) ? ConvolutionWeightGradient.ScratchElements(geometry) : 0;

    /// <summary>Integers that a thread needs as scratch.</summary>
    /// <param name="geometry">A depthwise convolution.</param>
    public static int ScratchIndices(in ConvolutionGeometry geometry) => IsNarrow(geometry)
        ? ConvolutionWeightGradient.ScratchIndices(geometry)
        : geometry.Taps * ((2 * PixelChunks.BlockPixels) + 1);

    /// <summary>Computes one chunk's partial sums.</summary>
    /// <param name="geometry">A depthwise convolution.</param>
    /// <param name="batch">Samples.</param>
    /// <param name="chunk">Which chunk, from 0 to <see cref="ChunkCount"/>, exclusive.</param>
    /// <param name="input">x, shape [batch, InHeight, InWidth, channels].</param>
    /// <param name="outputGradient">
    /// dy, shape [batch, OutHeight, OutWidth, channels], or [selected pixels, channels] when <paramref name="compact"/>.
    /// </param>
    /// <param name="selection">The output pixels that count, one row a sample; default: all.</param>
    /// <param name="compact">Whether the output gradient has rows for the selected pixels only.</param>
    /// <param name="partial">The chunk's partial sums, <see cref="PartialElements"/>; overwritten. Their layout is this class's own.</param>
    /// <param name="scratch">At least <see cref="ScratchElements"/>, of this thread.</param>
    /// <param name="indices">At least <see cref="ScratchIndices"/>, of this thread.</param>
    /// <exception cref="ArgumentException">The convolution is not depthwise, a span is too short, or the selection does not fit.</exception>
    public static void ComputeChunk(
        in ConvolutionGeometry geometry, int batch, int chunk, ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient,
        Selection selection, bool compact, Span<float> partial, Span<float> scratch, Span<int> indices)
    {
        DepthwiseConvolution.Check(geometry);
        if (IsNarrow(geometry))
        {
            ConvolutionWeightGradient.ComputeChunk(
                geometry, batch, chunk, input, outputGradient, selection, compact, partial, scratch, indices);
            return;
        }
        OperandCheck.Selection(geometry, batch, selection);
        PixelChunks chunks = Chunks(geometry, batch);
        if ((uint)chunk >= (uint)chunks.Count)
        {
            throw new ArgumentOutOfRangeException(nameof(chunk), chunk, $"Chunk {chunk} of {chunks.Count} was asked for.");
        }
        OperandCheck.Length(nameof(input), input.Length, (long)batch * geometry.InElements);
        OperandCheck.Length(nameof(outputGradient), outputGradient.Length, OperandCheck.OutputRows(geometry, batch, selection, compact) * geometry.OutChannels);
        OperandCheck.Length(nameof(partial), partial.Length, Partial(geometry));
        OperandCheck.Length(nameof(indices), indices.Length, ScratchIndices(geometry));
        partial[..Partial(geometry)].Clear();
        var work = new DepthwiseWeightGradientChunk(geometry, chunks, input, outputGradient, partial, indices);
        if (selection.IsAll)
        {
            work.Dense(chunk);
        }
        else
        {
            work.Selected(chunk, selection, compact);
        }
    }

    /// <summary>Adds up the chunks and writes the gradient in the weight's own layout.</summary>
    /// <param name="geometry">A depthwise convolution.</param>
    /// <param name="batch">Samples.</param>
    /// <param name="partials">All chunks' partial sums one after another; overwritten.</param>
    /// <param name="weightGradient">dW, shape [channels, 1, KernelHeight, KernelWidth].</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    /// <exception cref="ArgumentException">The convolution is not depthwise, or a span is too short.</exception>
    public static void Reduce(
        in ConvolutionGeometry geometry, int batch, Span<float> partials, Span<float> weightGradient, bool accumulate)
    {
        DepthwiseConvolution.Check(geometry);
        if (IsNarrow(geometry))
        {
            ConvolutionWeightGradient.Reduce(geometry, batch, partials, weightGradient, accumulate);
            return;
        }
        int count = ChunkCount(geometry, batch);
        OperandCheck.Length(nameof(partials), partials.Length, (long)count * Partial(geometry));
        OperandCheck.Length(nameof(weightGradient), weightGradient.Length, geometry.WeightElements);
        FixedTree.Sum(partials, count, Partial(geometry));
        int stride = DepthwiseConvolution.Stride(geometry);
        for (int tap = 0; tap < geometry.Taps; tap++)
        {
            for (int channel = 0; channel < geometry.InChannels; channel++)
            {
                int vector = channel / Vector<float>.Count;
                int lane = channel - DepthwiseWeightGradientChunk.FirstChannel(geometry, vector);
                ref float place = ref weightGradient[(channel * geometry.Taps) + tap];
                float sum = partials[(tap * stride) + (vector * Vector<float>.Count) + lane];
                place = accumulate ? place + sum : sum;
            }
        }
    }

    // Fewer channels than a vector: the register tiles of the general kernel take over.
    private static bool IsNarrow(in ConvolutionGeometry geometry) => geometry.InChannels < Vector<float>.Count;

    private static int Partial(in ConvolutionGeometry geometry) => checked(geometry.Taps * DepthwiseConvolution.Stride(geometry));

    private static PixelChunks Chunks(in ConvolutionGeometry geometry, int batch) =>
        new(geometry.OutPixels, batch, CostFactor * geometry.MacsPerSample, Partial(geometry));
}
