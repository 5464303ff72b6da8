using System;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.TemporalWise.Text;

namespace ManagedDyn.Layers.Models;

/// <summary>A transformer that classifies texts and drops tokens after each layer but the last; see <see cref="TokenDropping"/>.</summary>
public static class TokenDropTransformer
{
    /// <summary>The network, of one stage.</summary>
    /// <param name="options">The sizes.</param>
    public static StagedNetwork Create(TokenDropTransformerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        TokenDropping[] rules = new TokenDropping[options.Layers - 1];
        for (int i = 0; i < rules.Length; i++)
        {
            rules[i] = options.IsLearned ? TokenDropping.Learned(options.Threshold, options.Temperature) : TokenDropping.Best(options.Keep);
        }

        return new TokenTransformer(options, hasExits: false, rules) { Recipe = options };
    }
}
