using System;
using System.Globalization;
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
/// Decides layer after layer how many nested groups of channels are computed: h_l = tanh(E_l·GAP(x_l) + R·h_{l−1} + b), and the action is drawn from
/// softmax(D·h_l) while training and its most probable else (Lin et al., "Runtime neural pruning", NeurIPS 2017, sections 3.1 and 3.2).
/// </summary>
/// <remarks>
/// Deviation: the paper trains the agent by Q-learning on the loss and the number of groups. Here it is a policy trained by policy gradient, with the same state,
/// actions and recurrence: decisions carry log π of the drawn action. E_l is a layer's own, R, b and D are shared by all, as the paper's decoder is.
/// </remarks>
public sealed class PruningAgent : Module
{
    // Actions are not drawn at inference: the network is to get used to it.
    private const float DrawsUntil = 0.7f;

    private readonly int _hidden;
    private readonly int _actions;
    private readonly CategoricalActionRelaxation _relaxation = new(DrawsUntil);
    private readonly GateLinear[] _encoders;
    private readonly GateLinear _recurrence;
    private readonly GateLinear _decoder;

    /// <summary>Makes an agent.</summary>
    /// <param name="channels">Channels of each layer's input, first to last.</param>
    /// <param name="hidden">Units of its state.</param>
    /// <param name="actions">Nested groups of channels, of which at least one is computed.</param>
    public PruningAgent(ReadOnlySpan<int> channels, int hidden, int actions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hidden, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(actions, 1);
        _hidden = hidden;
        _actions = actions;
        _encoders = new GateLinear[channels.Length];
        for (int i = 0; i < _encoders.Length; i++)
        {
            _encoders[i] = Add("encoder" + i.ToString(CultureInfo.InvariantCulture), new GateLinear(channels[i], hidden, null));
        }

        _recurrence = Add("recurrence", new GateLinear(hidden, hidden, 0f));
        _decoder = Add("decoder", new GateLinear(hidden, actions, 0f, startsFromZeros: true));
    }

    /// <summary>Decides for one layer.</summary>
    /// <param name="context">The context.</param>
    /// <param name="layer">The layer's number, from 0.</param>
    /// <param name="input">The layer's input, [N, H, W, channels], or of each sample the listed ones only.</param>
    /// <param name="channels">The channels that the input has, one row; all: every one.</param>
    /// <param name="state">h of the layer before; none at the first. Afterwards that of this one.</param>
    /// <returns>One of the actions for each sample, a row each; as scores what was drawn while training, else probabilities.</returns>
    public Decision Decide(Context context, int layer, Tensor input, Selection channels, ref Tensor state)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        Conv2dSelection features = new() { InChannels = channels, CompactInChannels = !channels.IsAll };
        Tensor seen = _encoders[layer].Forward(context, context.GlobalAveragePool(input), in features);
        Tensor before = state.Exists ? state : context.Workspace.RentZeros(new Shape(input.Shape[0], _hidden));
        state = scope.Keep(context.Tanh(context.Add(seen, _recurrence.Forward(context, before))));
        Tensor logits = _decoder.Forward(context, state);
        if (context.Decisions == Engine.Execution.Decisions.Hard)
        {
            Selection best = context.Workspace.SelectTop(logits.Shape[0], _actions, logits.Span, 1);
            return new Decision(scope.Keep(best), scope.Keep(context.Softmax(logits)));
        }

        RelaxedChoice choice = _relaxation.Relax(context, logits, context.NoiseOf(this, layer));
        Selection drawn = context.Workspace.SelectTop(logits.Shape[0], _actions, choice.Scores.Span, 1);
        return new Decision(scope.Keep(drawn), scope.Keep(choice.Scores), choice.LogProbabilities.Exists ? scope.Keep(choice.LogProbabilities) : default);
    }

    /// <summary>The cost of deciding for one layer, in MACs a sample.</summary>
    /// <param name="layer">The layer's number.</param>
    public long CountMacs(int layer) => (long)_hidden * (_encoders[layer].Weight.Shape[1] + _hidden + _actions);
}
