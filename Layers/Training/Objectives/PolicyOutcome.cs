using System;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>What came of the decisions about one sample.</summary>
/// <param name="isRight">Whether the answer was right.</param>
/// <param name="loss">The cross-entropy of the answer.</param>
/// <param name="kept">The share of units that each decision ran, from 0 to 1.</param>
/// <param name="costs">The share of each decision in the dense cost of all; they sum to 1.</param>
/// <param name="meanUsed">The share of the dense cost that the samples of the batch used on average.</param>
/// <param name="likelyUsed">That share with the likely decision of each, as inference takes them; negative: not known, taken to be the same.</param>
public readonly ref struct PolicyOutcome(bool isRight, float loss, ReadOnlySpan<float> kept, ReadOnlySpan<float> costs, float meanUsed = 0, float likelyUsed = -1)
{
    /// <summary>Whether the answer was right.</summary>
    public bool IsRight { get; } = isRight;

    /// <summary>The cross-entropy of the answer.</summary>
    public float Loss { get; } = loss;

    /// <summary>The share of the dense cost that the samples of the batch used on average.</summary>
    public float MeanUsed { get; } = meanUsed;

    /// <summary>The share of the dense cost that the samples would have used on average with the likely decision of each, as inference takes them.</summary>
    public float LikelyUsed { get; } = likelyUsed < 0 ? meanUsed : likelyUsed;

    /// <summary>The share of units that each decision ran, from 0 to 1.</summary>
    public ReadOnlySpan<float> Kept { get; } = kept;

    /// <summary>The share of each decision in the dense cost of all; they sum to 1.</summary>
    public ReadOnlySpan<float> Costs { get; } = costs;
}
