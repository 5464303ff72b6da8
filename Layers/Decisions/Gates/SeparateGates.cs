using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Decisions.Gates;

/// <summary>A policy of separate rules: each layer has its own gate, which looks at the layer's input.</summary>
public sealed class SeparateGates : LayerPolicy
{
    private readonly DecisionRule[] _rules;

    /// <summary>Makes a policy.</summary>
    /// <param name="rules">The rule of each layer.</param>
    public SeparateGates(params ReadOnlySpan<DecisionRule> rules)
        : base(rules.Length)
    {
        _rules = rules.ToArray();
        for (int i = 0; i < _rules.Length; i++)
        {
            Add(i.ToString(CultureInfo.InvariantCulture), _rules[i]);
        }
    }

    /// <inheritdoc/>
    public override long CountMacs(int layer, Shape features) => _rules[layer].CountMacs(features);

    /// <inheritdoc/>
    protected override Decision OnDecide(Context context, int layer, Tensor features, ref LayerPolicyState state) => _rules[layer].Decide(context, features);
}
