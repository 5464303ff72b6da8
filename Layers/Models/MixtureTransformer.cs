using System;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.InstanceWise.DynamicWidth;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// A transformer that classifies texts and whose feed-forward parts are mixtures of experts, chosen token by token (Shazeer et al., "Outrageously large neural
/// networks", ICLR 2017; Fedus et al., "Switch transformers", JMLR 2022). Training wants the terms "importance" and "load", or "balance", of the loss.
/// </summary>
public static class MixtureTransformer
{
    /// <summary>The network, of one stage.</summary>
    /// <param name="options">The sizes.</param>
    public static StagedNetwork Create(MixtureTransformerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new TokenTransformer(options, hasExits: false, [], feedForward: () => new TokenMixture(Gate(options), options.Width, options.Hidden, options.Experts)) { Recipe = options };
    }

    private static DecisionRule Gate(MixtureTransformerOptions options) => options.IsSwitch
        ? new SwitchGate(options.Width, options.Experts, options.Capacity)
        : new NoisyTopKGate(options.Width, options.Experts, options.Chosen);
}
