using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution.Winograd;

/// <summary>The transformed weights: [point][panel][input channel][panel column], U = G g Gᵀ for each pair of channels.</summary>
public static class WinogradWeights
{
    /// <summary>Elements of the transformed weights.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="form">The algorithm.</param>
    /// <exception cref="ArgumentException">There is no such form of this geometry.</exception>
    /// <exception cref="OverflowException">There would be more than 2³¹ − 1.</exception>
    public static int PackedLength(in ConvolutionGeometry geometry, WinogradForm form) =>
        checked(WinogradGeometry.PositionCount(in geometry, form) * Panel.Length(geometry.InChannels, geometry.OutChannels));

    /// <summary>Transforms weights.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="form">The algorithm.</param>
    /// <param name="panels">The weights, packed by <see cref="ConvolutionWeights"/>.</param>
    /// <param name="packed"><see cref="PackedLength"/> elements, all written.</param>
    /// <exception cref="ArgumentException">A span has another length, or there is no such form of this geometry.</exception>
    public static void Pack(in ConvolutionGeometry geometry, WinogradForm form, ReadOnlySpan<float> panels, Span<float> packed)
    {
        int length = PackedLength(in geometry, form);
        if (panels.Length != ConvolutionWeights.PackedLength(in geometry))
        {
            throw new ArgumentException(
                $"The packed weights have {panels.Length} elements; expected {ConvolutionWeights.PackedLength(in geometry)}.", nameof(panels));
        }

        if (packed.Length != length)
        {
            throw new ArgumentException($"The transformed weights have {packed.Length} elements; expected {length}.", nameof(packed));
        }

        if (form == WinogradForm.F4)
        {
            Transform<TransformF4>(geometry.InChannels, panels, packed);
        }
        else
        {
            Transform<TransformF2>(geometry.InChannels, panels, packed);
        }
    }

    // Lengths have been checked: a panel is nine taps of channels rows, and each row goes to every position of the packed form.
    private static void Transform<TTransform>(int channels, ReadOnlySpan<float> panels, Span<float> packed)
        where TTransform : struct, IWinogradTransform
    {
        int points = TTransform.Points;
        int lanes = Vector<float>.Count;
        int tapStep = channels * Panel.Width;
        int position = packed.Length / (points * points);
        Span<float> columns = stackalloc float[3 * points * lanes];
        ref float column = ref MemoryMarshal.GetReference(columns);
        ref float source = ref MemoryMarshal.GetReference(panels);
        ref float target = ref MemoryMarshal.GetReference(packed);
        for (int panel = 0; panel < position / tapStep; panel++)
        {
            for (int at = 0; at < tapStep; at += lanes)
            {
                ref float taps = ref Unsafe.Add(ref source, (panel * 9 * tapStep) + at);
                for (int x = 0; x < 3; x++)
                {
                    TTransform.Weight(ref Unsafe.Add(ref taps, x * tapStep), 3 * tapStep, ref Unsafe.Add(ref column, x * lanes), 3 * lanes);
                }

                for (int y = 0; y < points; y++)
                {
                    TTransform.Weight(
                        ref Unsafe.Add(ref column, y * 3 * lanes), lanes,
                        ref Unsafe.Add(ref target, ((nint)y * points * position) + (panel * tapStep) + at), position);
                }
            }
        }
    }
}
