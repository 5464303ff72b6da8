using System.Collections.Generic;
using ManagedDyn.Layers.Decisions.Confidence;

namespace ManagedDyn.Layers.Inference;

/// <summary>What a model carries besides its network.</summary>
public sealed record ModelDescription
{
    /// <summary>How what a source holds becomes its input; null: only values that are ready are taken.</summary>
    public InputEncoding? Encoding { get; init; }

    /// <summary>The encoding where it is that of images; null: it is another, or there is none.</summary>
    public Preprocessing? Preprocessing
    {
        get => Encoding as Preprocessing;
        init => Encoding = value;
    }

    /// <summary>The names of the classes; empty: they have numbers only.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>How sure an exit is.</summary>
    public ConfidenceCriterion Criterion { get; init; } = new MaxProbability();

    /// <summary>What each exit's logits are divided by before the softmax, above 0; empty: 1 for all.</summary>
    public IReadOnlyList<float> Temperatures { get; init; } = [];

    /// <summary>Thresholds that were calibrated; the first is the one used when none is named.</summary>
    public IReadOnlyList<OperatingPoint> Points { get; init; } = [];

    /// <summary>The class probability below which an answer is better not given, as the input is likely of none of the classes; 0: every answer counts.</summary>
    public float LeastConfidence { get; init; }

    /// <summary>How the model came about.</summary>
    public TrainingRecord Training { get; init; } = TrainingRecord.Empty;
}
