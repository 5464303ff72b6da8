using System.Collections.Generic;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.Explanations;
using ManagedDyn.Tool.Inputs;

namespace ManagedDyn.Tool.Answers;

/// <summary>What a model said about one input: the prediction, the most probable classes, and how sure each exit it passed was.</summary>
public sealed record Answer(InputSample Input, Prediction Prediction, (int Label, float Probability)[] Best, float[] ExitConfidences)
{
    /// <summary>What each dynamic layer chose; null: nobody asked.</summary>
    public IReadOnlyList<DecisionLine>? Decisions { get; init; }
}
