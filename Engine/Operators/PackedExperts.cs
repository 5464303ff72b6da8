using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Mixing;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// The kernels that a mixed convolution mixes, each in the order in which the convolution reads weights, and interleaved, so that a sample's kernel is
/// mixed in that order with one pass over the memory. A frozen model makes it once. It does not change and may be shared by threads.
/// </summary>
public sealed class PackedExperts
{
    private readonly ConvolutionGeometry _geometry;

    private PackedExperts(in ConvolutionGeometry geometry, int experts, Tensor panels)
    {
        _geometry = geometry;
        Experts = experts;
        Panels = panels;
    }

    /// <summary>The number of kernels.</summary>
    public int Experts { get; }

    /// <summary>The memory that it takes, in bytes.</summary>
    public long Bytes => (long)Panels.Count * sizeof(float);

    internal Tensor Panels { get; }

    /// <summary>Packs kernels.</summary>
    /// <param name="geometry">The geometry; the size of its maps does not matter.</param>
    /// <param name="experts">The number of kernels.</param>
    /// <param name="weights">[experts, OutChannels, InChannels / Groups, KernelHeight, KernelWidth].</param>
    /// <param name="memory">What the memory is taken from; null: there is no limit.</param>
    /// <returns>The packed kernels; null where the memory is not there: the operator then packs at each call.</returns>
    /// <exception cref="ArgumentException">The weights do not fit the geometry.</exception>
    public static PackedExperts? ForConvolution(in ConvolutionGeometry geometry, int experts, ReadOnlySpan<float> weights, PackedMemory? memory = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        if (weights.Length != (long)experts * geometry.WeightElements)
        {
            throw new ArgumentException($"The weights have {weights.Length} elements; expected {experts} × {geometry.WeightElements}.", nameof(weights));
        }

        int length = ExpertMix.PackedLength(experts, PackedWeight.Length(in geometry));
        if (memory is not null && !memory.TryTake((long)length * sizeof(float)))
        {
            return null;
        }

        Tensor panels = Tensor.Zeros(new Shape(length));
        Pack(in geometry, experts, weights, panels.Span, new float[PackedWeight.Length(in geometry)]);
        return new PackedExperts(in geometry, experts, panels);
    }

    /// <summary>Packs kernels into memory of the caller's.</summary>
    internal static void Pack(in ConvolutionGeometry geometry, int experts, ReadOnlySpan<float> weights, Span<float> packed, Span<float> scratch)
    {
        for (int expert = 0; expert < experts; expert++)
        {
            PackedWeight.Pack(in geometry, weights.Slice(expert * geometry.WeightElements, geometry.WeightElements), scratch);
            ExpertMix.Pack(scratch, expert, experts, packed);
        }
    }

    internal void CheckFits(in ConvolutionGeometry geometry, int experts)
    {
        if (geometry.InChannels != _geometry.InChannels || geometry.OutChannels != _geometry.OutChannels || geometry.Groups != _geometry.Groups
            || geometry.KernelHeight != _geometry.KernelHeight || geometry.KernelWidth != _geometry.KernelWidth || experts != Experts)
        {
            throw new ArgumentException($"The packed kernels are {Describe(Experts, in _geometry)}; expected {Describe(experts, in geometry)}.");
        }
    }

    private static string Describe(int experts, in ConvolutionGeometry geometry) =>
        $"{experts} of {geometry.InChannels} → {geometry.OutChannels} channels, {geometry.KernelHeight} × {geometry.KernelWidth}, {geometry.Groups} groups";
}
