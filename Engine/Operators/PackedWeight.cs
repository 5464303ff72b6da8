using System;
using System.Threading;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Convolution.Winograd;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// The weights of a convolution or linear layer in the order in which the kernels read them. A frozen model makes it once; without it an
/// operator packs the weights at each call. What it gives never changes, and threads may share it.
/// </summary>
/// <remarks>
/// Transformed weights are made when a map first asks for them, since it is the size of the map that decides which of them pay; whoever comes first
/// makes them for all.
/// </remarks>
public sealed class PackedWeight
{
    private readonly ConvolutionGeometry _geometry;
    private readonly PackedMemory? _memory;
    private readonly Lock _lock = new();
    private TransformedWeight? _two;
    private TransformedWeight? _four;

    private PackedWeight(in ConvolutionGeometry geometry, ReadOnlySpan<float> weight, PackedMemory? memory)
    {
        _geometry = geometry;
        _memory = memory;
        Panels = Tensor.Zeros(new Shape(Length(in geometry)));
        Pack(in geometry, weight, Panels.Span);
        _ = memory?.TryTake((long)Panels.Count * sizeof(float));
    }

    /// <summary>The memory that it takes now, in bytes.</summary>
    public long Bytes => ((long)Panels.Count + (Volatile.Read(ref _two)?.Length ?? 0) + (Volatile.Read(ref _four)?.Length ?? 0)) * sizeof(float);

    internal Tensor Panels { get; }

    internal int InChannels => _geometry.InChannels;

    internal int OutChannels => _geometry.OutChannels;

    /// <summary>Packs the weights of a convolution.</summary>
    /// <param name="geometry">The geometry; the size of its maps does not matter.</param>
    /// <param name="weight">[OutChannels, InChannels / Groups, KernelHeight, KernelWidth].</param>
    /// <param name="memory">What the transformed weights are taken from; null: there is no limit.</param>
    /// <exception cref="ArgumentException">The weights do not fit the geometry.</exception>
    public static PackedWeight ForConvolution(in ConvolutionGeometry geometry, ReadOnlySpan<float> weight, PackedMemory? memory = null) =>
        new(in geometry, weight, memory);

    /// <summary>Packs the weights of a linear layer.</summary>
    /// <param name="inFeatures">Inputs.</param>
    /// <param name="outFeatures">Outputs.</param>
    /// <param name="weight">[outFeatures, inFeatures].</param>
    /// <exception cref="ArgumentException">The weights do not fit.</exception>
    public static PackedWeight ForLinear(int inFeatures, int outFeatures, ReadOnlySpan<float> weight) =>
        new(new ConvolutionGeometry(inFeatures, outFeatures, 1, 1, 1, 1), weight, null);

    internal static int Length(in ConvolutionGeometry geometry) => ConvolutionWeights.LengthFor(in geometry);

    internal static void Pack(in ConvolutionGeometry geometry, ReadOnlySpan<float> weight, Span<float> packed)
    {
        if (geometry.IsDepthwise)
        {
            DepthwiseConvolution.Pack(in geometry, weight, packed);
        }
        else
        {
            ConvolutionWeights.Pack(in geometry, weight, packed);
        }
    }

    /// <summary>The transformed weights; no tensor where the memory for them is not there.</summary>
    internal Tensor Transformed(WinogradForm form)
    {
        ref TransformedWeight? place = ref form == WinogradForm.F4 ? ref _four : ref _two;
        TransformedWeight? transformed = Volatile.Read(ref place);
        if (transformed is null)
        {
            lock (_lock)
            {
                transformed = place ?? new TransformedWeight(in _geometry, form, Panels.Span, _memory);
                Volatile.Write(ref place, transformed);
            }
        }

        return transformed.Value;
    }

    internal void CheckFits(in ConvolutionGeometry geometry)
    {
        if (geometry.InChannels != _geometry.InChannels || geometry.OutChannels != _geometry.OutChannels || geometry.Groups != _geometry.Groups
            || geometry.KernelHeight != _geometry.KernelHeight || geometry.KernelWidth != _geometry.KernelWidth)
        {
            throw new ArgumentException(
                $"The packed weights are of {Describe(in _geometry)}; expected {Describe(in geometry)}.");
        }
    }

    private static string Describe(in ConvolutionGeometry geometry) =>
        $"{geometry.InChannels} → {geometry.OutChannels} channels, kernel {geometry.KernelHeight} × {geometry.KernelWidth}, {geometry.Groups} groups";
}
