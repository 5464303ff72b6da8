using System;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// A classifier of sequences whose recurrent layer jumps (Yu et al., "Learning to skim text", ACL 2017), updates some of its units (Jernite et al., "Variable
/// computation in recurrent neural networks", ICLR 2017), updates higher layers at the ends of segments (Chung et al., "Hierarchical multiscale recurrent neural
/// networks", ICLR 2017), or updates several times a step (Graves, "Adaptive computation time for recurrent neural networks", 2016); then its last state and a linear
/// answer. <see cref="SkipLstm"/> has the static network to compare with.
/// </summary>
public static class AdaptiveRnn
{
    /// <summary>The network, of one stage.</summary>
    /// <param name="options">The sizes.</param>
    public static SingleStage Create(AdaptiveRnnOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new SingleStage(options.SampleShape, new AdaptiveClassifier(options)) { Recipe = options };
    }
}
