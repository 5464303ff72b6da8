namespace ManagedDyn.Engine.Kernels.Optimizing;

/// <summary>The constants of one step of <see cref="AdamUpdate"/>, computed in double precision and rounded once.</summary>
public readonly record struct AdamCoefficients
{
    /// <summary>β₁.</summary>
    public float Beta1 { get; init; }

    /// <summary>1 − β₁.</summary>
    public float Rest1 { get; init; }

    /// <summary>β₂.</summary>
    public float Beta2 { get; init; }

    /// <summary>1 − β₂.</summary>
    public float Rest2 { get; init; }

    /// <summary>η / (1 − β₁ᵗ).</summary>
    public float Rate { get; init; }

    /// <summary>1 / √(1 − β₂ᵗ).</summary>
    public float RootCorrection { get; init; }

    /// <summary>ε.</summary>
    public float Epsilon { get; init; }

    /// <summary>What the gradient is multiplied by first.</summary>
    public float Scale { get; init; }

    /// <summary>λ where decay is part of the gradient, 0 where it is decoupled.</summary>
    public float GradientDecay { get; init; }

    /// <summary>1 − η·λ where decay is decoupled, 1 where it is part of the gradient.</summary>
    public float Shrink { get; init; }
}
