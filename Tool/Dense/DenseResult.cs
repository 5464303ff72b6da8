using System.Collections.Generic;
using ManagedDyn.Layers.Inference;

namespace ManagedDyn.Tool.Dense;

/// <summary>What a model that answers for each pixel is worth on a test set.</summary>
public sealed record DenseResult(Model Model, string DataSet, int Images, IReadOnlyList<DensePoint> Curve)
{
    /// <summary>Its operating points, whose thresholds a validation set gave.</summary>
    public IReadOnlyList<DensePoint> Points { get; init; } = [];

    /// <summary>Networks to compare with, all of whose pixels are computed.</summary>
    public IReadOnlyList<DensePoint> Static { get; init; } = [];

    /// <summary>Some test images with what was asked for and what was answered.</summary>
    public IReadOnlyList<DenseExample> Examples { get; init; } = [];

    /// <summary>The whole network: every pixel refined.</summary>
    public DensePoint Full => Curve[^1];
}
