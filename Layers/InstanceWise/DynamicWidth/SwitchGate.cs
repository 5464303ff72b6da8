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
/// Chooses one expert, the most probable, and weighs it by its probability: p = softmax(G·f), e = argmax p, y = p_e·E_e(x) (Fedus et al., "Switch
/// transformers", JMLR 2022, section 2.1). f is the input, or the mean of each of its channels. Asks for the term "balance" of the loss,
/// <see cref="ExpertBalance.Switch"/>.
/// </summary>
/// <remarks>
/// While training an expert takes at most ⌈c·N / E⌉ of a batch's N samples, in their order; those beyond get no expert and pass by the mixture. Otherwise there
/// is no limit, so that a sample's answer never depends on its batch: a deviation from the paper, which limits always, as its accelerators ask for fixed shapes.
/// The paper's jitter of the gate's input is left out.
/// </remarks>
public sealed class SwitchGate : DecisionRule
{
    private readonly int _features;
    private readonly int _experts;
    private readonly float _capacity;
    private readonly Linear _gate;

    /// <summary>Makes a gate.</summary>
    /// <param name="features">Features of the input, or its channels.</param>
    /// <param name="experts">Experts to choose among.</param>
    /// <param name="capacityFactor">c, above 0; infinite: no limit.</param>
    public SwitchGate(int features, int experts, float capacityFactor = 1.25f)
    {
        if (!(capacityFactor > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(capacityFactor), capacityFactor, $"The capacity factor was {capacityFactor}; expected a number above 0.");
        }

        _features = features;
        _experts = experts;
        _capacity = capacityFactor;
        _gate = Add("gate", new Linear(features, experts, bias: false));
    }

    /// <inheritdoc/>
    public override Decision Decide(Context context, Tensor features)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        Decision decision = DecideBy(context, _gate.Forward(context, GateFeatures.Of(context, features)));
        _ = scope.Keep(decision.Selected);
        _ = scope.Keep(decision.Scores);
        return decision;
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape features) => _gate.CountMacs(GateFeatures.ShapeOf(features, _features));

    /// <summary>Decides from G·f.</summary>
    internal Decision DecideBy(Context context, Tensor logits)
    {
        int samples = logits.Shape[0];
        Tensor probabilities = context.Softmax(logits);
        Selection chosen = context.Workspace.SelectTop(samples, _experts, logits.Span, 1);
        if (GateFeatures.Trains(context))
        {
            context.AddLossTerm("balance", Number, ExpertBalance.Switch(context, probabilities, chosen));
        }

        double most = Math.Ceiling((double)_capacity * samples / _experts);
        if (context.Mode == Mode.Train && most < samples)
        {
            chosen = Limit(context, chosen, (int)most);
        }

        return new Decision(chosen, context.MaskMultiply(probabilities, context.MaskOf(chosen)));
    }

    // Of each expert's samples the first ones of the batch.
    private Selection Limit(Context context, Selection chosen, int most)
    {
        Span<int> taken = stackalloc int[Math.Min(_experts, 256)];
        taken = _experts <= taken.Length ? taken : new int[_experts];
        taken.Clear();
        int[] offsets = new int[chosen.Rows + 1];
        int[] indices = new int[chosen.Count];
        int count = 0;
        for (int row = 0; row < chosen.Rows; row++)
        {
            foreach (int expert in chosen.Row(row))
            {
                if (taken[expert] < most)
                {
                    taken[expert]++;
                    indices[count++] = expert;
                }
            }

            offsets[row + 1] = count;
        }

        return context.Workspace.Select(_experts, offsets, indices.AsSpan(0, count));
    }
}
