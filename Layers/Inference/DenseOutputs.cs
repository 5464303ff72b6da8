using System;

namespace ManagedDyn.Layers.Inference;

/// <summary>Where an answer for each pixel is written; what is empty is not asked for.</summary>
public readonly ref struct DenseOutputs
{
    /// <summary>The class of each pixel, [H, W], or the bytes of a picture, [H, W, C].</summary>
    public Span<byte> Map { get; init; }

    /// <summary>How sure the first pass was of each pixel, [H, W].</summary>
    public Span<float> Certainties { get; init; }

    /// <summary>1 for each pixel that the expensive pass computed, else 0, [H, W].</summary>
    public Span<byte> Refined { get; init; }

    /// <summary>The answer as it is: logits or values, [H, W, classes or channels].</summary>
    public Span<float> Values { get; init; }
}
