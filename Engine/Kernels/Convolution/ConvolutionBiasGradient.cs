using System;
using System.Numerics.Tensors;
using ManagedDyn.Engine.Kernels.Reduction;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// The gradient with respect to a bias: the sum of the output's gradient over all active rows. Rows go in fixed chunks along a fixed tree, cut
/// where the rows of full width are, so that rows left out give the same bits as rows of zeros.
/// </summary>
public static class ConvolutionBiasGradient
{
    private const int ChunkRows = 256;

    /// <summary>Floats of scratch.</summary>
    /// <param name="rows">Rows of full width, active or not.</param>
    /// <param name="channels">Channels.</param>
    public static int ScratchElements(int rows, int channels) => checked(Chunks(rows) * channels);

    /// <summary>Computes it.</summary>
    /// <param name="gradient">The output's gradient: [rows, channels], or [active rows, channels] when the list is compact.</param>
    /// <param name="rows">Rows of full width, active or not.</param>
    /// <param name="active">The active rows; default: all.</param>
    /// <param name="biasGradient">[channels].</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    /// <param name="scratch">At least <see cref="ScratchElements"/>, of any content.</param>
    /// <exception cref="ArgumentException">A span or the list does not fit; nothing has been written.</exception>
    public static void Compute(
        ReadOnlySpan<float> gradient, int rows, ActiveList active, Span<float> biasGradient, bool accumulate, Span<float> scratch)
    {
        int channels = biasGradient.Length;
        active.Check(rows, "rows");
        OperandCheck.Length(nameof(gradient), gradient.Length, (long)active.Width(rows) * channels);
        OperandCheck.Length(nameof(scratch), scratch.Length, ScratchElements(rows, channels));
        int chunks = Chunks(rows);
        Span<float> sums = scratch[..(chunks * channels)];
        sums.Clear();
        for (int i = 0; i < active.Count(rows); i++)
        {
            int row = active.IsListed ? active.Indices[i] : i;
            Span<float> sum = sums.Slice(row / ChunkRows * channels, channels);
            TensorPrimitives.Add(sum, gradient.Slice((active.IsCompact ? i : row) * channels, channels), sum);
        }

        FixedTree.Sum(sums, chunks, channels);
        if (accumulate)
        {
            TensorPrimitives.Add(biasGradient, sums[..channels], biasGradient);
        }
        else
        {
            sums[..channels].CopyTo(biasGradient);
        }
    }

    private static int Chunks(int rows) => Math.Max(1, (rows + ChunkRows - 1) / ChunkRows);
}
