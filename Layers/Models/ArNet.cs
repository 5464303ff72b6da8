using System;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// AR-Net (Meng et al., ECCV 2020): a small recurrent policy sees each frame small and says which network looks at it at which resolution, or that it and some behind
/// it are skipped; the answers of the frames seen are averaged. Its cost is trained by <see cref="Training.Objectives.ComputeBudget"/>.
/// </summary>
public static class ArNet
{
    /// <summary>The network, of one stage.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">The sizes make no network.</exception>
    public static SingleStage Create(ArNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new SingleStage(options.SampleShape, new ArNetClassifier(options)) { Recipe = options };
    }
}
