using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Gates;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicWidth;

/// <summary>
/// A second, small network that looks at the image once and opens or closes each filter of the backbone: z = W₂·relu(W₁·GAP(features) + b₁) + b₂ through a narrow
/// middle, and gates [z > 0] (Chen et al., "You look twice: GaterNet for dynamic filter selection in CNNs", CVPR 2019, section 3).
/// </summary>
/// <remarks>
/// Relaxed by improved semantic hashing. Asks for the term "gates" of the loss, their mean. Filters may be gated in groups of neighbours, so that whole vectors are
/// saved; groups of 1 are the paper. b₂ starts from 1, so that filters are open at first.
/// </remarks>
public sealed class FilterGater : DecisionRule
{
    // Gates decide without noise at inference: the network is to get used to it.
    private const float NoiseUntil = 0.5f;

    private readonly int _gates;
    private readonly BinaryRelaxation _relaxation;
    private readonly ConvBlock _first;
    private readonly ConvBlock _second;
    private readonly GateLinear _reduce;
    private readonly GateLinear _open;
    private readonly int _hidden;

    /// <summary>Makes a gater.</summary>
    /// <param name="inChannels">Channels of the image.</param>
    /// <param name="channels">Channels of its first convolution, half of those of its second.</param>
    /// <param name="hidden">The width of the narrow middle.</param>
    /// <param name="gates">Filters, or groups of them, over all layers of the backbone.</param>
    /// <param name="relaxation">How gates are trained; none: improved semantic hashing, without noise in the last part of training.</param>
    public FilterGater(int inChannels, int channels, int hidden, int gates, BinaryRelaxation? relaxation = null)
    {
        _relaxation = relaxation ?? new SemanticHashingRelaxation(NoiseUntil);
        _gates = gates;
        _hidden = hidden;
        _first = Add("first", new ConvBlock(inChannels, channels, 3, 2));
        _second = Add("second", new ConvBlock(channels, 2 * channels, 3, 2));
        _reduce = Add("reduce", new GateLinear(2 * channels, hidden, 0f));
        _open = Add("open", new GateLinear(hidden, gates, 1f));
    }

    /// <inheritdoc/>
    public override Decision Decide(Context context, Tensor features)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor seen = context.GlobalAveragePool(_second.Forward(context, _first.Forward(context, features)));
        Tensor logits = _open.Forward(context, context.Relu(_reduce.Forward(context, seen)));
        Decision decision = context.DecideUnits(logits, _relaxation, this);
        if (GateFeatures.Trains(context))
        {
            context.AddLossTerm("gates", Number, context.Mean(decision.Scores).Reshape(new Shape(1)));
        }

        if (decision.Selected.Exists)
        {
            _ = scope.Keep(decision.Selected);
        }

        _ = scope.Keep(decision.Scores);
        return decision;
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape features) =>
        _first.CountMacs(features) + _second.CountMacs(_first.OutputShape(features))
        + ((long)features[0] * _hidden * (_gates + _reduce.Weight.Shape[1]));
}
