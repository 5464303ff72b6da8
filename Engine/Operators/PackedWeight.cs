using System;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// The weights of a convolution or linear layer in the order in which the kernels read them. A frozen model makes it once; without it an
/// operator packs the weights at each call. It does not change and may be shared by threads.
/// </summary>
public sealed class PackedWeight
{
    private readonly ConvolutionGeometry _geometry;

    private PackedWeight(in ConvolutionGeometry geometry, ReadOnlySpan<float> weight)
    {
        _geometry = geometry;
        Panels = Tensor.Zeros(new Shape(Length(in geometry)));
        Pack(in geometry, weight, Panels.Span);
    }

    /// <summary>The memory that it takes, in bytes.</summary>
    public long Bytes => (long)Panels.Count * sizeof(float);

    internal Tensor Panels { get; }

    internal int InChannels => _geometry.InChannels;

    internal int OutChannels => _geometry.OutChannels;

    /// <summary>Packs the weights of a convolution.</summary>
    /// <param name="geometry">The geometry; the size of its maps does not matter.</param>
    /// <param name="weight">[OutChannels, InChannels / Groups, KernelHeight, KernelWidth].</param>
    /// <exception cref="ArgumentException">The weights do not fit the geometry.</exception>
    public static PackedWeight ForConvolution(in ConvolutionGeometry geometry, ReadOnlySpan<float> weight) => new(in geometry, weight);

    /// <summary>Packs the weights of a linear layer.</summary>
    /// <param name="inFeatures">Inputs.</param>
    /// <param name="outFeatures">Outputs.</param>
    /// <param name="weight">[outFeatures, inFeatures].</param>
    /// <exception cref="ArgumentException">The weights do not fit.</exception>
    public static PackedWeight ForLinear(int inFeatures, int outFeatures, ReadOnlySpan<float> weight) =>
        new(new ConvolutionGeometry(inFeatures, outFeatures, 1, 1, 1, 1), weight);

    internal static int Length(in ConvolutionGeometry geometry) =>
        geometry.IsDepthwise ? DepthwiseConvolution.PackedElements(in geometry) : ConvolutionWeights.PackedLength(in geometry);

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
