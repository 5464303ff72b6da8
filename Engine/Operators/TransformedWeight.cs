using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Convolution.Winograd;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>One transformed form of a layer's weights, or the knowledge that there is no memory for it.</summary>
internal sealed class TransformedWeight
{
    public TransformedWeight(in ConvolutionGeometry geometry, WinogradForm form, ReadOnlySpan<float> panels, PackedMemory? memory)
    {
        int length = WinogradWeights.PackedLength(in geometry, form);
        if (memory is null || memory.TryTake((long)length * sizeof(float)))
        {
            Value = Tensor.Zeros(new Shape(length));
            WinogradWeights.Pack(in geometry, form, panels, Value.Span);
        }
    }

    /// <summary>The weights; no tensor where there is no memory for them.</summary>
    public Tensor Value { get; }

    public long Length => Value.Exists ? Value.Count : 0;
}
