using System;

namespace ManagedDyn.Layers.Training;

/// <summary>How an adaptive tree is grown.</summary>
public sealed record AdaptiveTreeGrowthOptions
{
    /// <summary>No leaf is split that would make more leaves than these.</summary>
    public int MostLeaves { get; init; } = 8;

    /// <summary>No more than so many times a leaf is looked at.</summary>
    public int MostSteps { get; init; } = 16;

    /// <summary>Epochs that the new parts of a candidate are trained for.</summary>
    public int LocalEpochs { get; init; } = 1;

    /// <summary>Epochs that the grown tree as a whole is trained for; 0: it is left as it has grown.</summary>
    public int RefinementEpochs { get; init; } = 4;

    /// <summary>The largest learning rate; it falls to 0 along a cosine each time.</summary>
    public float Rate { get; init; } = 0.05f;

    /// <summary>Weight decay.</summary>
    public float Decay { get; init; } = 5e-4f;

    /// <summary>The root of all random numbers.</summary>
    public ulong Seed { get; init; } = 1;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MostLeaves, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(MostSteps);
        ArgumentOutOfRangeException.ThrowIfLessThan(LocalEpochs, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(RefinementEpochs);
    }
}
