using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Gates;
using ManagedDyn.Layers.Decisions.Relaxations;

namespace ManagedDyn.Layers.InstanceWise.DynamicWidth;

/// <summary>
/// Chooses one of several widths: z = W₂·relu(W₁·GAP(x) + b₁) + b₂, the largest of z; relaxed, softmax((z + Gumbel noise) / T) made hard with straight-through
/// gradients (Li et al., "Dynamic slimmable network", CVPR 2021, sections 3.3 and 4.2).
/// </summary>
/// <remarks>All widths are equally probable at first.</remarks>
public sealed class WidthGate : DecisionRule
{
    private readonly int _features;
    private readonly int _hidden;
    private readonly int _widths;
    private readonly ChoiceRelaxation _relaxation;
    private readonly GateLinear _reduce;
    private readonly GateLinear _choose;

    /// <summary>Makes a gate.</summary>
    /// <param name="features">Features of the input, or its channels.</param>
    /// <param name="hidden">Units between.</param>
    /// <param name="widths">Widths to choose among.</param>
    /// <param name="relaxation">How the choice is trained; none: Gumbel-softmax, hard forward.</param>
    public WidthGate(int features, int hidden, int widths, ChoiceRelaxation? relaxation = null)
    {
        _features = features;
        _hidden = hidden;
        _widths = widths;
        _relaxation = relaxation ?? new GumbelSoftmaxRelaxation();
        _reduce = Add("reduce", new GateLinear(features, hidden, 0f));
        _choose = Add("choose", new GateLinear(hidden, widths, 0f, startsFromZeros: true));
    }

    /// <inheritdoc/>
    public override Decision Decide(Context context, Tensor features) => Decide(context, features, default);

    /// <summary>Decides from an input that has some of its channels only.</summary>
    /// <param name="context">The context.</param>
    /// <param name="features">[N, …, channels].</param>
    /// <param name="channels">The channels that it has, one row; all: every one.</param>
    /// <returns>The width of each sample, a row each; the scores are one-hot when relaxed, else probabilities.</returns>
    public Decision Decide(Context context, Tensor features, Selection channels)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        Conv2dSelection inputs = new() { InChannels = channels, CompactInChannels = !channels.IsAll };
        Tensor hidden = context.Relu(_reduce.Forward(context, GateFeatures.Of(context, features), in inputs));
        Tensor logits = _choose.Forward(context, hidden);
        int samples = logits.Shape[0];
        if (context.Decisions == Engine.Execution.Decisions.Hard)
        {
            Selection best = context.Workspace.SelectTop(samples, _widths, logits.Span, 1);
            return new Decision(scope.Keep(best), scope.Keep(context.Softmax(logits)));
        }

        RelaxedChoice choice = _relaxation.Relax(context, logits, context.NoiseOf(this));
        Selection chosen = context.Workspace.SelectTop(samples, _widths, choice.Scores.Span, 1);
        return new Decision(scope.Keep(chosen), scope.Keep(choice.Scores), choice.LogProbabilities.Exists ? scope.Keep(choice.LogProbabilities) : default);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape features) => (long)GateFeatures.ShapeOf(features, _features)[0] * _hidden * (_features + _widths);
}
