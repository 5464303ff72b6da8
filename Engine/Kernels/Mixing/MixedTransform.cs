using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Convolution.Winograd;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Mixing;

/// <summary>
/// Mixes the kernels of a 3 × 3 convolution and transforms the mixture for minimal filtering, a few rows of a panel at a time: what is mixed never leaves
/// the first cache, and each point's rows are written whole, not vector by vector into as many places as there are points.
/// </summary>
/// <remarks>The values are those of <see cref="ExpertMix"/> and then <see cref="WinogradWeights"/>, bit for bit.</remarks>
internal static class MixedTransform
{
    // Rows of a panel that are transformed together: with F4 and panels of 16 columns 23 KiB of scratch.
    private const int RowsTogether = 8;
    private const int Taps = 9;

    /// <summary>The panels: the work can be split by them.</summary>
    /// <param name="geometry">The geometry.</param>
    public static int PanelCount(in ConvolutionGeometry geometry) => Panel.Count(geometry.OutChannels);

    /// <summary>Mixes and transforms some panels.</summary>
    /// <param name="geometry">A geometry that minimal filtering supports.</param>
    /// <param name="form">The algorithm.</param>
    /// <param name="coefficients">One factor for each kernel.</param>
    /// <param name="experts">The packed kernels, interleaved by <see cref="ExpertMix"/>.</param>
    /// <param name="packed">The transformed weights, as <see cref="WinogradWeights"/> orders them; those of the panels are written.</param>
    /// <param name="panels">The panels, of <see cref="PanelCount"/>.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public static void Run(
        in ConvolutionGeometry geometry, WinogradForm form, ReadOnlySpan<float> coefficients, ReadOnlySpan<float> experts, Span<float> packed, Range panels)
    {
        int length = WinogradWeights.PackedLength(in geometry, form);
        if (packed.Length != length)
        {
            throw new ArgumentException($"The transformed weights have {packed.Length} elements; expected {length}.", nameof(packed));
        }

        (int first, int count) = panels.GetOffsetAndLength(PanelCount(in geometry));
        if (form == WinogradForm.F4)
        {
            Run<TransformF4>(in geometry, coefficients, experts, packed, first, first + count);
        }
        else
        {
            Run<TransformF2>(in geometry, coefficients, experts, packed, first, first + count);
        }
    }

    // A stretch of each of the nine taps is mixed to scratch, [tap][stretch], and goes to [point][stretch]: all within the two buffers.
    private static void Run<TTransform>(
        in ConvolutionGeometry geometry, ReadOnlySpan<float> coefficients, ReadOnlySpan<float> experts, Span<float> packed, int firstPanel, int endPanel)
        where TTransform : struct, IWinogradTransform
    {
        int points = TTransform.Points;
        int lanes = Vector<float>.Count;
        int stretch = RowsTogether * Panel.Width;
        int tapStep = geometry.InChannels * Panel.Width;
        int length = ConvolutionWeights.PackedLength(in geometry);
        int position = packed.Length / (points * points);
        Span<float> mixed = stackalloc float[Taps * stretch];
        Span<float> made = stackalloc float[points * points * stretch];
        Span<float> columns = stackalloc float[3 * points * lanes];
        ref float column = ref MemoryMarshal.GetReference(columns);
        for (int panel = firstPanel; panel < endPanel; panel++)
        {
            for (int start = 0; start < tapStep; start += stretch)
            {
                int count = Math.Min(stretch, tapStep - start);
                for (int tap = 0; tap < Taps; tap++)
                {
                    ExpertMix.Mix(coefficients, experts, length, (((panel * Taps) + tap) * tapStep) + start, mixed.Slice(tap * stretch, count));
                }

                for (int at = 0; at < count; at += lanes)
                {
                    ref float taps = ref Unsafe.Add(ref MemoryMarshal.GetReference(mixed), at);
                    ref float target = ref Unsafe.Add(ref MemoryMarshal.GetReference(made), at);
                    for (int x = 0; x < 3; x++)
                    {
                        TTransform.Weight(ref Unsafe.Add(ref taps, x * stretch), 3 * stretch, ref Unsafe.Add(ref column, x * lanes), 3 * lanes);
                    }

                    for (int y = 0; y < points; y++)
                    {
                        TTransform.Weight(ref Unsafe.Add(ref column, y * 3 * lanes), lanes, ref Unsafe.Add(ref target, y * points * stretch), stretch);
                    }
                }

                for (int point = 0; point < points * points; point++)
                {
                    made.Slice(point * stretch, count).CopyTo(packed[((point * position) + (panel * tapStep) + start)..]);
                }
            }
        }
    }
}
