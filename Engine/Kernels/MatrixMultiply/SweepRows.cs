using System;

namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>
/// How many rows a sweep takes: starting one costs a few hundred cycles, as much as whole blocks of short sums, but its inputs are to stay in the second
/// cache while panel after panel passes.
/// </summary>
internal static class SweepRows
{
    /// <summary>The most that any sweep takes.</summary>
    public const int Most = 3 * PanelSweep.MaximumRows;

    // A quarter of a mebibyte of inputs.
    private const int InputBudget = 1 << 16;

    /// <summary>The most rows of a sweep whose sums are finished in one piece and stored where they belong; <see cref="PanelSweep.MaximumRows"/> or more.</summary>
    /// <param name="channels">Channels of a tap.</param>
    /// <param name="taps">Taps.</param>
    public static int AtOnce(int channels, int taps) => PanelSweep.IsCut((long)channels * taps)
        ? PanelSweep.MaximumRows
        : Math.Clamp(InputBudget / Math.Max(1, channels) / BlockKernel.Rows * BlockKernel.Rows, PanelSweep.MaximumRows, Most);
}
