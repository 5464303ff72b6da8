using System;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// A transformer that classifies texts with an exit after each layer: by confidence or entropy (Xin et al., "DeeBERT", ACL 2020) or by how many layers agree
/// (Zhou et al., "BERT loses patience", NeurIPS 2020), as the model's criterion says, or by gates that learn whether an answer is right (Xin et al., "BERxiT", EACL
/// 2021, section 3.3). Who leaves is gone from the batch.
/// </summary>
public static class ExitTransformer
{
    /// <summary>The network, of as many stages as layers, or of one without exits.</summary>
    /// <param name="options">The sizes.</param>
    public static StagedNetwork Create(ExitTransformerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new TokenTransformer(options, options.HasExits, [], hasGates: options.HasExitGates) { Recipe = options };
    }
}
