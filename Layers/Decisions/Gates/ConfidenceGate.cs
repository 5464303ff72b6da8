using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Decisions.Gates;

/// <summary>
/// A gate by confidence: a layer runs for the samples about which a classifier of its input is not sure yet, confidence(softmax(classifier(x))) &lt; τ. It
/// learns nothing itself, and its weights are 0 or 1 without gradient also while decisions are relaxed.
/// </summary>
public sealed class ConfidenceGate : DecisionRule
{
    private readonly Layer _classifier;
    private readonly ConfidenceCriterion _criterion;
    private readonly float _threshold;

    /// <summary>Makes a gate.</summary>
    /// <param name="classifier">Gives logits [N, classes] for the features; it is trained elsewhere.</param>
    /// <param name="criterion">How sure it is.</param>
    /// <param name="threshold">τ: a sample that is at least so sure skips the layer.</param>
    public ConfidenceGate(Layer classifier, ConfidenceCriterion criterion, float threshold)
    {
        ArgumentNullException.ThrowIfNull(criterion);
        if (float.IsNaN(threshold))
        {
            throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "Expected a threshold of confidence.");
        }

        _classifier = Add("classifier", classifier);
        _criterion = criterion;
        _threshold = threshold;
    }

    /// <inheritdoc/>
    public override Decision Decide(Context context, Tensor features)
    {
        ArgumentNullException.ThrowIfNull(context);
        Tensor scores = context.Workspace.Rent(new Shape(features.Shape[0]));
        using (WorkspaceScope scope = context.Workspace.Enter())
        {
            Tensor probabilities = context.Softmax(_classifier.Forward(context, features));
            int classes = probabilities.Shape[-1];
            for (int row = 0; row < scores.Count; row++)
            {
                ReadOnlySpan<float> values = probabilities.Span.Slice(row * classes, classes);
                float confidence = _criterion.Evaluate(values, ExitHistory.Empty.After(values));
                scores.Span[row] = confidence >= _threshold ? 0 : 1;
            }
        }

        return new Decision(context.Decisions == Engine.Execution.Decisions.Hard ? context.SelectLikely(scores, 1) : default, scores);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape features) => _classifier.CountMacs(features);
}
