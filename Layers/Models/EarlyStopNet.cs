using System;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// A classifier of sequences that answers after each block of steps and stops reading when it is sure: by the confidence of the answer, by a gate that learns whether
/// the answer is right, or by a policy (Hartvigsen et al., "Adaptive-halting policy network for early classification", KDD 2019). Its stages are the blocks.
/// </summary>
public static class EarlyStopNet
{
    /// <summary>The network, of as many stages as there are blocks.</summary>
    /// <param name="options">The sizes.</param>
    public static StagedNetwork Create(EarlyStopOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new BlockwiseClassifier(options) { Recipe = options };
    }
}
