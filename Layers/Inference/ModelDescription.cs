using System.Collections.Generic;
using ManagedDyn.Layers.Decisions.Confidence;

namespace ManagedDyn.Layers.Inference;

/// <summary>What a model carries besides its network.</summary>
public sealed record ModelDescription
{
    /// <summary>How bytes become its input; null: only values that are already preprocessed are taken.</summary>
    public Preprocessing? Preprocessing { get; init; }

    /// <summary>The names of the classes; empty: they have numbers only.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>How sure an exit is.</summary>
    public ConfidenceCriterion Criterion { get; init; } = new MaxProbability();

    /// <summary>What each exit's logits are divided by before the softmax, above 0; empty: 1 for all.</summary>
    public IReadOnlyList<float> Temperatures { get; init; } = [];

    /// <summary>Thresholds that were calibrated; the first is the one used when none is named.</summary>
    public IReadOnlyList<OperatingPoint> Points { get; init; } = [];

    /// <summary>How the model came about.</summary>
    public TrainingRecord Training { get; init; } = TrainingRecord.Empty;
}
