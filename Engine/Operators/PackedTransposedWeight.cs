using System;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// The weights of a transposed convolution in the order in which the kernels read them. A frozen model makes it once; without it the operator
/// packs the weights at each call. It does not change and may be shared by threads.
/// </summary>
public sealed class PackedTransposedWeight
{
    private readonly ConvolutionGeometry _geometry;

    /// <summary>Packs the weights.</summary>
    /// <param name="geometry">As <see cref="ConvolutionGeometry.Transposed"/> makes it; the size of its maps does not matter.</param>
    /// <param name="weight">[inChannels, outChannels / groups, kernelHeight, kernelWidth].</param>
    /// <exception cref="ArgumentException">The weights do not fit the geometry.</exception>
    public PackedTransposedWeight(in ConvolutionGeometry geometry, ReadOnlySpan<float> weight)
    {
        if (weight.Length != geometry.WeightElements)
        {
            throw new ArgumentException($"The weight has {weight.Length} elements; expected {geometry.WeightElements}.", nameof(weight));
        }

        _geometry = geometry;
        Panels = Tensor.Zeros(new Shape(Length(in geometry)));
        Pack(in geometry, weight, Panels.Span);
    }

    /// <summary>The memory that it takes, in bytes.</summary>
    public long Bytes => (long)Panels.Count * sizeof(float);

    internal Tensor Panels { get; }

    internal static int Length(in ConvolutionGeometry geometry) =>
        geometry.IsDepthwise ? DepthwiseConvolution.PackedElements(in geometry) : ConvolutionInputGradient.PackedLength(in geometry);

    internal static void Pack(in ConvolutionGeometry geometry, ReadOnlySpan<float> weight, Span<float> packed)
    {
        if (geometry.IsDepthwise)
        {
            DepthwiseConvolution.Pack(in geometry, weight, packed);
        }
        else
        {
            ConvolutionInputGradient.Pack(in geometry, weight, packed);
        }
    }

    // Strides, padding and dilation decide which tap serves which pixels, so they are part of the packed order.
    internal void CheckFits(in ConvolutionGeometry geometry)
    {
        if (Layer(in geometry) != Layer(in _geometry))
        {
            throw new ArgumentException(
                $"The packed weights are of {_geometry.OutChannels} → {_geometry.InChannels} channels, kernel {_geometry.KernelHeight} × {_geometry.KernelWidth}, "
                + $"with its own strides and padding; expected {geometry.OutChannels} → {geometry.InChannels} channels, kernel "
                + $"{geometry.KernelHeight} × {geometry.KernelWidth} and equal strides and padding.");
        }
    }

    private static ConvolutionGeometry Layer(in ConvolutionGeometry geometry)
    {
        int height = ((geometry.KernelHeight - 1) * geometry.DilationHeight) + 1;
        int width = ((geometry.KernelWidth - 1) * geometry.DilationWidth) + 1;
        return geometry.WithInput(height, width);
    }
}
