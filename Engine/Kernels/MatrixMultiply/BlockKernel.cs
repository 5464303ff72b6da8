using System;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>
/// The one inner loop of matrix multiply and convolution: a block of up to <see cref="Rows"/> output rows by one panel of output columns, kept
/// in registers while taps and channels go by. Each output is one chain of multiply–adds, taps and then channels ascending.
/// </summary>
/// <remarks>
/// References are used without bounds checks. They hold because the callers (<see cref="PanelSweep"/> and what builds its offsets) have checked
/// every list, and every offset that they write is followed by a whole tap of channels within its span.
/// </remarks>
internal static class BlockKernel
{
    /// <summary>The most rows of a block: 6 × 2 sums, two vectors of weights and one input fill 16 registers.</summary>
    public const int Rows = 6;

    /// <summary>Runs the body that fits the block.</summary>
    /// <param name="operands">What is read and written.</param>
    /// <param name="rows">Rows of the block, from 1 to <see cref="Rows"/>.</param>
    public static void Run<TVectors, TWalk>(scoped ref BlockOperands operands, int rows)
        where TVectors : struct, IExtent
        where TWalk : struct, IChannelWalk
    {
        switch (rows)
        {
            case 1:
                Run<Extent1, TVectors, TWalk>(ref operands);
                break;
            case 2:
                Run<Extent2, TVectors, TWalk>(ref operands);
                break;
            case 3:
                Run<Extent3, TVectors, TWalk>(ref operands);
                break;
            case 4:
                Run<Extent4, TVectors, TWalk>(ref operands);
                break;
            case 5:
                Run<Extent5, TVectors, TWalk>(ref operands);
                break;
            case 6:
                Run<Extent6, TVectors, TWalk>(ref operands);
                break;
            default:
                Refuse(rows);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Run<TRows, TVectors, TWalk>(scoped ref BlockOperands operands)
        where TRows : struct, IExtent
        where TVectors : struct, IExtent
        where TWalk : struct, IChannelWalk
    {
        Vector<float> s00 = default, s01 = default;
        Vector<float> s10 = default, s11 = default;
        Vector<float> s20 = default, s21 = default;
        Vector<float> s30 = default, s31 = default;
        Vector<float> s40 = default, s41 = default;
        Vector<float> s50 = default, s51 = default;
        if (operands.Resumes)
        {
            Resume<TVectors>(ref operands, 0, ref s00, ref s01);
            if (TRows.Value > 1)
            {
                Resume<TVectors>(ref operands, 1, ref s10, ref s11);
            }

            if (TRows.Value > 2)
            {
                Resume<TVectors>(ref operands, 2, ref s20, ref s21);
            }

            if (TRows.Value > 3)
            {
                Resume<TVectors>(ref operands, 3, ref s30, ref s31);
            }

            if (TRows.Value > 4)
            {
                Resume<TVectors>(ref operands, 4, ref s40, ref s41);
            }

            if (TRows.Value > 5)
            {
                Resume<TVectors>(ref operands, 5, ref s50, ref s51);
            }
        }

        ref int offsets = ref operands.Offsets;
        ref float tap = ref operands.Panel;
        nint count = operands.ChannelCount;
        nint step = operands.PanelStep;
        for (int t = operands.Taps; t > 0; t--)
        {
            ref float x0 = ref Row(ref operands, offsets);
            ref float x1 = ref TRows.Value > 1 ? ref Row(ref operands, Unsafe.Add(ref offsets, 1)) : ref x0;
            ref float x2 = ref TRows.Value > 2 ? ref Row(ref operands, Unsafe.Add(ref offsets, 2)) : ref x0;
            ref float x3 = ref TRows.Value > 3 ? ref Row(ref operands, Unsafe.Add(ref offsets, 3)) : ref x0;
            ref float x4 = ref TRows.Value > 4 ? ref Row(ref operands, Unsafe.Add(ref offsets, 4)) : ref x0;
            ref float x5 = ref TRows.Value > 5 ? ref Row(ref operands, Unsafe.Add(ref offsets, 5)) : ref x0;
            ref float weights = ref tap;
            for (nint i = 0; i < count; i++)
            {
                nint channel = TWalk.IsListed ? Unsafe.Add(ref operands.Channels, i) : i;
                if (TWalk.IsListed)
                {
                    weights = ref Unsafe.Add(ref tap, channel * step);
                }

                nint at = TWalk.IsCompact ? i : channel;
                Vector<float> w0 = Vector.LoadUnsafe(ref weights);
                Vector<float> w1 = TVectors.Value > 1 ? Vector.LoadUnsafe(ref weights, (nuint)Vector<float>.Count) : default;
                Vector<float> x = new(Unsafe.Add(ref x0, at));
                s00 = Vector.MultiplyAddEstimate(x, w0, s00);
                s01 = TVectors.Value > 1 ? Vector.MultiplyAddEstimate(x, w1, s01) : default;
                if (TRows.Value > 1)
                {
                    x = new Vector<float>(Unsafe.Add(ref x1, at));
                    s10 = Vector.MultiplyAddEstimate(x, w0, s10);
                    s11 = TVectors.Value > 1 ? Vector.MultiplyAddEstimate(x, w1, s11) : default;
                }

                if (TRows.Value > 2)
                {
                    x = new Vector<float>(Unsafe.Add(ref x2, at));
                    s20 = Vector.MultiplyAddEstimate(x, w0, s20);
                    s21 = TVectors.Value > 1 ? Vector.MultiplyAddEstimate(x, w1, s21) : default;
                }

                if (TRows.Value > 3)
                {
                    x = new Vector<float>(Unsafe.Add(ref x3, at));
                    s30 = Vector.MultiplyAddEstimate(x, w0, s30);
                    s31 = TVectors.Value > 1 ? Vector.MultiplyAddEstimate(x, w1, s31) : default;
                }

                if (TRows.Value > 4)
                {
                    x = new Vector<float>(Unsafe.Add(ref x4, at));
                    s40 = Vector.MultiplyAddEstimate(x, w0, s40);
                    s41 = TVectors.Value > 1 ? Vector.MultiplyAddEstimate(x, w1, s41) : default;
                }

                if (TRows.Value > 5)
                {
                    x = new Vector<float>(Unsafe.Add(ref x5, at));
                    s50 = Vector.MultiplyAddEstimate(x, w0, s50);
                    s51 = TVectors.Value > 1 ? Vector.MultiplyAddEstimate(x, w1, s51) : default;
                }

                if (!TWalk.IsListed)
                {
                    weights = ref Unsafe.Add(ref weights, step);
                }
            }

            tap = ref Unsafe.Add(ref tap, operands.TapStep);
            offsets = ref Unsafe.Add(ref offsets, Rows);
        }

        Store<TVectors>(ref operands, 0, s00, s01);
        if (TRows.Value > 1)
        {
            Store<TVectors>(ref operands, 1, s10, s11);
        }

        if (TRows.Value > 2)
        {
            Store<TVectors>(ref operands, 2, s20, s21);
        }

        if (TRows.Value > 3)
        {
            Store<TVectors>(ref operands, 3, s30, s31);
        }

        if (TRows.Value > 4)
        {
            Store<TVectors>(ref operands, 4, s40, s41);
        }

        if (TRows.Value > 5)
        {
            Store<TVectors>(ref operands, 5, s50, s51);
        }
    }

    // Apart, so that making the message costs the caller nothing.
    private static void Refuse(int rows) =>
        throw new ArgumentOutOfRangeException(nameof(rows), rows, $"A block has {rows} rows; expected 1 to {Rows}.");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float Row(scoped ref BlockOperands operands, int offset) =>
        ref offset >= 0 ? ref Unsafe.Add(ref operands.Input, offset) : ref Unsafe.Add(ref operands.Extra, ~offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Resume<TVectors>(scoped ref BlockOperands operands, int row, ref Vector<float> s0, ref Vector<float> s1)
        where TVectors : struct, IExtent
    {
        nuint at = (nuint)(row * 2 * Vector<float>.Count);
        s0 = Vector.LoadUnsafe(ref operands.Tile, at);
        s1 = TVectors.Value > 1 ? Vector.LoadUnsafe(ref operands.Tile, at + (nuint)Vector<float>.Count) : default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TVectors>(scoped ref BlockOperands operands, int row, Vector<float> s0, Vector<float> s1)
        where TVectors : struct, IExtent
    {
        if (!operands.Finishes)
        {
            nuint at = (nuint)(row * 2 * Vector<float>.Count);
            s0.StoreUnsafe(ref operands.Tile, at);
            if (TVectors.Value > 1)
            {
                s1.StoreUnsafe(ref operands.Tile, at + (nuint)Vector<float>.Count);
            }

            return;
        }

        nint start = Unsafe.Add(ref operands.OutputRows, row);
        ref float output = ref Unsafe.Add(ref operands.Output, start);
        if (operands.Steps != EpilogueSteps.None)
        {
            ref float residual = ref Unsafe.Add(ref operands.Residual, start);
            s0 = Epilogue.Apply(operands.Steps, s0, ref operands.Scale, ref operands.Shift, ref residual);
            s1 = TVectors.Value > 1
                ? Epilogue.Apply(
                    operands.Steps,
                    s1,
                    ref Unsafe.Add(ref operands.Scale, Vector<float>.Count),
                    ref Unsafe.Add(ref operands.Shift, Vector<float>.Count),
                    ref Unsafe.Add(ref residual, Vector<float>.Count))
                : default;
            if ((operands.Steps & EpilogueSteps.Mask) != 0)
            {
                s0 = Vector.ConditionalSelect(Vector.LoadUnsafe(ref operands.Masks), s0, Vector.LoadUnsafe(ref output));
                s1 = TVectors.Value > 1
                    ? Vector.ConditionalSelect(
                        Vector.LoadUnsafe(ref operands.Masks, (nuint)Vector<int>.Count), s1, Vector.LoadUnsafe(ref output, (nuint)Vector<float>.Count))
                    : default;
            }
        }

        s0.StoreUnsafe(ref output);
        if (TVectors.Value > 1)
        {
            s1.StoreUnsafe(ref output, (nuint)Vector<float>.Count);
        }
    }
}
