using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>
/// Takes a block's sums through the steps of the epilogue, from the tile to the output. A second body beside the sums would cost each block more than
/// passing by here. The bits are those of <see cref="Epilogue.Apply"/>.
/// </summary>
/// <remarks>References go where those of <see cref="BlockKernel"/> go: tiles, steps and output rows of a whole block.</remarks>
internal static class BlockFinish
{
    /// <summary>Finishes a block.</summary>
    /// <param name="operands">The block.</param>
    /// <param name="rows">Its rows.</param>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Run<TRow>(scoped ref BlockOperands operands, int rows)
        where TRow : struct, IPanelRow<TRow>
    {
        if (WideRow.IsSupported && TRow.Width >= WideRow.Width && (operands.Steps & EpilogueSteps.Mask) == 0)
        {
            Wide<TRow>(ref operands, rows);
            return;
        }

        EpilogueSteps steps = operands.Steps;
        bool adds = (steps & EpilogueSteps.Residual) != 0;
        bool isMasked = (steps & EpilogueSteps.Mask) != 0;
        int step = Math.Max(TRow.Width, 2 * Vector<float>.Count);

        // A step that is not taken changes no bit: a factor of 1, a summand of −0, a bound that nothing is below.
        Vector<float> bound = new((steps & EpilogueSteps.Relu) != 0 ? 0f : float.NegativeInfinity);
        for (int column = 0; column < TRow.Width; column += Vector<float>.Count)
        {
            Vector<float> scale = (steps & EpilogueSteps.Scale) != 0 ? Vector.LoadUnsafe(ref operands.Scale, (nuint)column) : Vector<float>.One;
            Vector<float> shift = (steps & EpilogueSteps.Shift) != 0 ? Vector.LoadUnsafe(ref operands.Shift, (nuint)column) : new Vector<float>(-0f);
            for (int row = 0; row < rows; row++)
            {
                nint start = Unsafe.Add(ref operands.OutputRows, row) + column;
                Vector<float> sum = Vector.LoadUnsafe(ref operands.Tile, (nuint)((row * step) + column));
                sum = Vector.MultiplyAddEstimate(sum, scale, shift);
                if (adds)
                {
                    sum += Vector.LoadUnsafe(ref Unsafe.Add(ref operands.Residual, start));
                }

                sum = Vector.ConditionalSelect(Vector.LessThan(sum, bound), Vector<float>.Zero, sum);
                ref float output = ref Unsafe.Add(ref operands.Output, start);
                if (isMasked)
                {
                    sum = Vector.ConditionalSelect(Vector.LoadUnsafe(ref operands.Masks, (nuint)column), sum, Vector.LoadUnsafe(ref output));
                }

                sum.StoreUnsafe(ref output);
            }
        }
    }

    // The same with vectors of twice the width.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Wide<TRow>(scoped ref BlockOperands operands, int rows)
        where TRow : struct, IPanelRow<TRow>
    {
        EpilogueSteps steps = operands.Steps;
        Vector512<float> bound = Vector512.Create((steps & EpilogueSteps.Relu) != 0 ? 0f : float.NegativeInfinity);
        ref int outputRows = ref operands.OutputRows;
        for (int column = 0; column < TRow.Width; column += WideRow.Width)
        {
            Vector512<float> scale = (steps & EpilogueSteps.Scale) != 0 ? Vector512.LoadUnsafe(ref operands.Scale, (nuint)column) : Vector512<float>.One;
            Vector512<float> shift = (steps & EpilogueSteps.Shift) != 0 ? Vector512.LoadUnsafe(ref operands.Shift, (nuint)column) : Vector512.Create(-0f);
            ref float tile = ref Unsafe.Add(ref operands.Tile, column);
            ref float output = ref Unsafe.Add(ref operands.Output, column);
            if ((steps & EpilogueSteps.Residual) == 0)
            {
                for (int row = 0; row < rows; row++, tile = ref Unsafe.Add(ref tile, TRow.Width))
                {
                    Vector512<float> sum = Vector512.MultiplyAddEstimate(Vector512.LoadUnsafe(ref tile), scale, shift);
                    sum = Vector512.ConditionalSelect(Vector512.LessThan(sum, bound), Vector512<float>.Zero, sum);
                    sum.StoreUnsafe(ref Unsafe.Add(ref output, Unsafe.Add(ref outputRows, row)));
                }

                continue;
            }

            ref float residual = ref Unsafe.Add(ref operands.Residual, column);
            for (int row = 0; row < rows; row++, tile = ref Unsafe.Add(ref tile, TRow.Width))
            {
                nint start = Unsafe.Add(ref outputRows, row);
                Vector512<float> sum = Vector512.MultiplyAddEstimate(Vector512.LoadUnsafe(ref tile), scale, shift);
                sum += Vector512.LoadUnsafe(ref Unsafe.Add(ref residual, start));
                sum = Vector512.ConditionalSelect(Vector512.LessThan(sum, bound), Vector512<float>.Zero, sum);
                sum.StoreUnsafe(ref Unsafe.Add(ref output, start));
            }
        }
    }
}
