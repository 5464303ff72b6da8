using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Gates;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicWidth;

/// <summary>
/// Weighs all experts, g = softmax(G·f) with f the input, or the mean of each of its channels (Jacobs et al., "Adaptive mixtures of local experts", Neural
/// Computation 1991). Nothing is skipped.
/// </summary>
public sealed class SoftExpertGate : DecisionRule
{
    private readonly int _features;
    private readonly int _experts;
    private readonly Linear _gate;

    /// <summary>Makes a gate.</summary>
    /// <param name="features">Features of the input, or its channels.</param>
    /// <param name="experts">Experts to weigh.</param>
    public SoftExpertGate(int features, int experts)
    {
        _features = features;
        _experts = experts;
        _gate = Add("gate", new Linear(features, experts, bias: false));
    }

    /// <inheritdoc/>
    public override Decision Decide(Context context, Tensor features)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor gates = context.Softmax(_gate.Forward(context, GateFeatures.Of(context, features)));
        if (GateFeatures.Trains(context) && _experts > 1)
        {
            context.AddLossTerm("importance", Number, ExpertBalance.SquaredVariation(context, gates));
        }

        return new Decision(Selection.All(features.Shape[0], _experts), scope.Keep(gates));
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape features) => _gate.CountMacs(GateFeatures.ShapeOf(features, _features));
}
