using System.Collections.Generic;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.Explanations;
using ManagedDyn.Tool.Inputs;

namespace ManagedDyn.Tool.Answers;

/// <summary>What a model said about one input: the prediction, the most probable classes, and how sure each exit it passed was.</summary>
public sealed record Answer(InputSample Input, Prediction Prediction, (int Label, float Probability)[] Best, float[] ExitConfidences)
{
    /// <summary>What is said where the input is likely of none of the classes.</summary>
    public const string NoLabel = "(none)";

    /// <summary>Whether the input is likely of none of the classes: the most probable one is not probable enough.</summary>
    public bool IsRejected { get; init; }

    /// <summary>What became of the words of a text; null: the input is no text, or nobody asked.</summary>
    public IReadOnlyList<WordUse>? Words { get; init; }

    /// <summary>Which steps of a signal were read; null: the input is none, or nobody asked.</summary>
    public StepUse? Steps { get; init; }

    /// <summary>What each dynamic layer chose; null: nobody asked.</summary>
    public IReadOnlyList<DecisionLine>? Decisions { get; init; }

    /// <summary>The name of the class, or what stands for none.</summary>
    public string LabelOf(Model model) => IsRejected ? NoLabel : model.LabelName(Prediction.Label);
}
