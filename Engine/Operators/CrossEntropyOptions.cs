using System;

namespace ManagedDyn.Engine.Operators;

/// <summary>How a cross-entropy weighs rows and classes. The default value is the plain mean over the rows.</summary>
public readonly ref struct CrossEntropyOptions
{
    /// <summary>ε: the share of the target that is spread evenly over all classes, 0 to 1 (Szegedy et al., CVPR 2016).</summary>
    public float Smoothing { get; init; }

    /// <summary>A factor for each row; empty: 1.</summary>
    public ReadOnlySpan<float> RowWeights { get; init; }

    /// <summary>A factor for each class, as PyTorch's <c>weight</c>; empty: 1.</summary>
    public ReadOnlySpan<float> ClassWeights { get; init; }

    /// <summary>The label of rows that do not count; null: every row counts.</summary>
    public int? IgnoredLabel { get; init; }

    /// <summary>What becomes of the rows' losses.</summary>
    public LossReduction Reduction { get; init; }
}
