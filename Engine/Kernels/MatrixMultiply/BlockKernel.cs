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

    /// <summary>Runs the body that fits the blocks.</summary>
    /// <param name="operands">What is read and written; the first block's offsets, tile and output rows, on return those of the block behind.</param>
    /// <param name="rows">Rows of each block, from 1 to <see cref="Rows"/>.</param>
    /// <param name="blocks">How many blocks lie one after another.</param>
    public static void Run<TRow, TWalk>(scoped ref BlockOperands operands, int rows, int blocks)
        where TRow : struct, IPanelRow<TRow>
        where TWalk : struct, IChannelWalk
    {
        switch (rows)
        {
            case 1:
                Run<Extent1, TRow, TWalk>(ref operands, blocks);
                break;
            case 2:
                Run<Extent2, TRow, TWalk>(ref operands, blocks);
                break;
            case 3:
                Run<Extent3, TRow, TWalk>(ref operands, blocks);
                break;
            case 4:
                Run<Extent4, TRow, TWalk>(ref operands, blocks);
                break;
            case 5:
                Run<Extent5, TRow, TWalk>(ref operands, blocks);
                break;
            case 6:
                Run<Extent6, TRow, TWalk>(ref operands, blocks);
                break;
            default:
                Refuse(rows);
                break;
        }
    }

    // Optimised at once: a network's first inferences would otherwise run for long in code that keeps the sums in memory.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Run<TRows, TRow, TWalk>(scoped ref BlockOperands operands, int blocks)
        where TRows : struct, IExtent
        where TRow : struct, IPanelRow<TRow>
        where TWalk : struct, IChannelWalk
    {
        // Sums that are finished at once wait for nothing: one block's tile serves all.
        nint tileStep = Math.Max(TRow.Width, 2 * Vector<float>.Count);
        nint nextTile = operands.Finishes && !operands.Resumes ? 0 : Rows * tileStep;
        ref int offsets = ref operands.Offsets;
        for (; blocks > 0; blocks--)
        {
            TRow s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default;
            if (operands.Resumes)
            {
                ref float tile = ref operands.Tile;
                s0 = TRow.Load(ref tile, 2 * Vector<float>.Count);
                if (TRows.Value > 1)
                {
                    s1 = TRow.Load(ref Unsafe.Add(ref tile, tileStep), 2 * Vector<float>.Count);
                }

                if (TRows.Value > 2)
                {
                    s2 = TRow.Load(ref Unsafe.Add(ref tile, 2 * tileStep), 2 * Vector<float>.Count);
                }

                if (TRows.Value > 3)
                {
                    s3 = TRow.Load(ref Unsafe.Add(ref tile, 3 * tileStep), 2 * Vector<float>.Count);
                }

                if (TRows.Value > 4)
                {
                    s4 = TRow.Load(ref Unsafe.Add(ref tile, 4 * tileStep), 2 * Vector<float>.Count);
                }

                if (TRows.Value > 5)
                {
                    s5 = TRow.Load(ref Unsafe.Add(ref tile, 5 * tileStep), 2 * Vector<float>.Count);
                }
            }

            if (operands.AsksOutput)
            {
                OutputRequest.Ask<TRows, TRow>(ref operands);
            }

            ref float tap = ref operands.Panel;
            ref float input = ref operands.Input;
            nint count = operands.ChannelCount;
            nint step = operands.PanelStep;
            nint ahead = operands.Ahead;
            nint distance = operands.PanelDistance;
            nint later = operands.Later;
            for (int t = operands.Taps; t > 0; t--)
            {
                ref float x0 = ref Row(ref operands, ref input, offsets);
                ref float x1 = ref TRows.Value > 1 ? ref Row(ref operands, ref input, Unsafe.Add(ref offsets, 1)) : ref x0;
                ref float x2 = ref TRows.Value > 2 ? ref Row(ref operands, ref input, Unsafe.Add(ref offsets, 2)) : ref x0;
                ref float x3 = ref TRows.Value > 3 ? ref Row(ref operands, ref input, Unsafe.Add(ref offsets, 3)) : ref x0;
                ref float x4 = ref TRows.Value > 4 ? ref Row(ref operands, ref input, Unsafe.Add(ref offsets, 4)) : ref x0;
                ref float x5 = ref TRows.Value > 5 ? ref Row(ref operands, ref input, Unsafe.Add(ref offsets, 5)) : ref x0;
                ref float weights = ref tap;
                if (TWalk.IsListed)
                {
                    for (nint i = 0; i < count; i++)
                    {
                        nint channel = Unsafe.Add(ref operands.Channels, i);
                        Step<TRows, TRow>(
                            ref Unsafe.Add(ref tap, channel * step), distance, ref x0, ref x1, ref x2, ref x3, ref x4, ref x5,
                            TWalk.IsCompact ? i : channel, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5);
                    }
                }
                else
                {
                    // Four channels a turn: the time of a short loop depends on where its code happens to lie, by up to a fifth. The rows move along
                    // instead of an index, so that the places of a turn are part of the instructions.
                    nint left = count;
                    int run = 0;
                    do
                    {
                        if (TWalk.IsRuns)
                        {
                            weights = ref Unsafe.Add(ref tap, Unsafe.Add(ref operands.Runs, 2 * run) * step);
                            left = Unsafe.Add(ref operands.Runs, (2 * run) + 1);
                            run++;
                        }

                        for (; left > 3; left -= 4)
                        {
                            if (TRows.Value > 2 && !TWalk.IsRuns && later != 0)
                            {
                                TRow.PrefetchLater(ref weights, later, distance);
                            }

                            Prefetch<TRows, TRow>(ref weights, ahead, distance);
                            Step<TRows, TRow>(
                                ref weights, distance, ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, 0, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5);
                            weights = ref Unsafe.Add(ref weights, step);
                            Prefetch<TRows, TRow>(ref weights, ahead, distance);
                            Step<TRows, TRow>(
                                ref weights, distance, ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, 1, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5);
                            weights = ref Unsafe.Add(ref weights, step);
                            Prefetch<TRows, TRow>(ref weights, ahead, distance);
                            Step<TRows, TRow>(
                                ref weights, distance, ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, 2, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5);
                            weights = ref Unsafe.Add(ref weights, step);
                            Prefetch<TRows, TRow>(ref weights, ahead, distance);
                            Step<TRows, TRow>(
                                ref weights, distance, ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, 3, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5);
                            weights = ref Unsafe.Add(ref weights, step);
                            x0 = ref Unsafe.Add(ref x0, 4);
                            if (TRows.Value > 1)
                            {
                                x1 = ref Unsafe.Add(ref x1, 4);
                            }

                            if (TRows.Value > 2)
                            {
                                x2 = ref Unsafe.Add(ref x2, 4);
                            }

                            if (TRows.Value > 3)
                            {
                                x3 = ref Unsafe.Add(ref x3, 4);
                            }

                            if (TRows.Value > 4)
                            {
                                x4 = ref Unsafe.Add(ref x4, 4);
                            }

                            if (TRows.Value > 5)
                            {
                                x5 = ref Unsafe.Add(ref x5, 4);
                            }
                        }

                        for (; left > 0; left--)
                        {
                            Step<TRows, TRow>(
                                ref weights, distance, ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, 0, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5);
                            weights = ref Unsafe.Add(ref weights, step);
                            x0 = ref Unsafe.Add(ref x0, 1);
                            if (TRows.Value > 1)
                            {
                                x1 = ref Unsafe.Add(ref x1, 1);
                            }

                            if (TRows.Value > 2)
                            {
                                x2 = ref Unsafe.Add(ref x2, 1);
                            }

                            if (TRows.Value > 3)
                            {
                                x3 = ref Unsafe.Add(ref x3, 1);
                            }

                            if (TRows.Value > 4)
                            {
                                x4 = ref Unsafe.Add(ref x4, 1);
                            }

                            if (TRows.Value > 5)
                            {
                                x5 = ref Unsafe.Add(ref x5, 1);
                            }
                        }
                    }
                    while (TWalk.IsRuns && run < operands.RunCount);
                }

                tap = ref Unsafe.Add(ref tap, operands.TapStep);
                offsets = ref Unsafe.Add(ref offsets, Rows);
            }

            offsets = ref Unsafe.Add(ref offsets, operands.OffsetsStep);
            if (operands.StoresSums)
            {
                ref float output = ref operands.Output;
                ref int rows = ref operands.OutputRows;
                TRow.Store(s0, ref Unsafe.Add(ref output, rows));
                if (TRows.Value > 1)
                {
                    TRow.Store(s1, ref Unsafe.Add(ref output, Unsafe.Add(ref rows, 1)));
                }

                if (TRows.Value > 2)
                {
                    TRow.Store(s2, ref Unsafe.Add(ref output, Unsafe.Add(ref rows, 2)));
                }

                if (TRows.Value > 3)
                {
                    TRow.Store(s3, ref Unsafe.Add(ref output, Unsafe.Add(ref rows, 3)));
                }

                if (TRows.Value > 4)
                {
                    TRow.Store(s4, ref Unsafe.Add(ref output, Unsafe.Add(ref rows, 4)));
                }

                if (TRows.Value > 5)
                {
                    TRow.Store(s5, ref Unsafe.Add(ref output, Unsafe.Add(ref rows, 5)));
                }
            }
            else
            {
                ref float tile = ref operands.Tile;
                TRow.Store(s0, ref tile);
                if (TRows.Value > 1)
                {
                    TRow.Store(s1, ref Unsafe.Add(ref tile, tileStep));
                }

                if (TRows.Value > 2)
                {
                    TRow.Store(s2, ref Unsafe.Add(ref tile, 2 * tileStep));
                }

                if (TRows.Value > 3)
                {
                    TRow.Store(s3, ref Unsafe.Add(ref tile, 3 * tileStep));
                }

                if (TRows.Value > 4)
                {
                    TRow.Store(s4, ref Unsafe.Add(ref tile, 4 * tileStep));
                }

                if (TRows.Value > 5)
                {
                    TRow.Store(s5, ref Unsafe.Add(ref tile, 5 * tileStep));
                }

                if (operands.Finishes)
                {
                    BlockFinish.Run<TRow>(ref operands, TRows.Value);
                }
            }

            operands.Tile = ref Unsafe.Add(ref operands.Tile, nextTile);
            operands.OutputRows = ref Unsafe.Add(ref operands.OutputRows, Rows);
            operands.Later += operands.LaterStep;
        }

        operands.Offsets = ref offsets;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TRows, TRow>(
        ref float weights, nint distance, ref float x0, ref float x1, ref float x2, ref float x3, ref float x4, ref float x5, nint at,
        ref TRow s0, ref TRow s1, ref TRow s2, ref TRow s3, ref TRow s4, ref TRow s5)
        where TRows : struct, IExtent
        where TRow : struct, IPanelRow<TRow>
    {
        TRow w = TRow.Load(ref weights, distance);
        s0 = TRow.MultiplyAdd(ref Unsafe.Add(ref x0, at), w, s0);
        if (TRows.Value > 1)
        {
            s1 = TRow.MultiplyAdd(ref Unsafe.Add(ref x1, at), w, s1);
        }

        if (TRows.Value > 2)
        {
            s2 = TRow.MultiplyAdd(ref Unsafe.Add(ref x2, at), w, s2);
        }

        if (TRows.Value > 3)
        {
            s3 = TRow.MultiplyAdd(ref Unsafe.Add(ref x3, at), w, s3);
        }

        if (TRows.Value > 4)
        {
            s4 = TRow.MultiplyAdd(ref Unsafe.Add(ref x4, at), w, s4);
        }

        if (TRows.Value > 5)
        {
            s5 = TRow.MultiplyAdd(ref Unsafe.Add(ref x5, at), w, s5);
        }
    }

    // One or two rows take a row of weights in fewer cycles than asking for it costs, unless it comes from far.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch<TRows, TRow>(ref float weights, nint ahead, nint distance)
        where TRows : struct, IExtent
        where TRow : struct, IPanelRow<TRow>
    {
        if (TRows.Value > 2 || ahead != 0)
        {
            TRow.Prefetch(ref weights, ahead, distance);
        }
    }

    // Apart, so that making the message costs the caller nothing.
    private static void Refuse(int rows) =>
        throw new ArgumentOutOfRangeException(nameof(rows), rows, $"A block has {rows} rows; expected 1 to {Rows}.");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float Row(scoped ref BlockOperands operands, ref float input, int offset) =>
        ref offset < 0 ? ref Unsafe.Add(ref operands.Extra, ~offset) : ref Unsafe.Add(ref input, offset);
}
