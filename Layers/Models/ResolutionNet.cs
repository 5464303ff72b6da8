using System;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.ResolutionLevel;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Dynamic resolution network (Zhu et al., NeurIPS 2021): a small predictor sees the image at the lowest resolution and says at which one the residual network is to
/// see it; weights serve all resolutions, and each has its own normalisations. Its cost is trained by <see cref="Training.Objectives.ComputeBudget"/>.
/// </summary>
public static class ResolutionNet
{
    /// <summary>The network, of one stage.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">The sizes make no network.</exception>
    public static SingleStage Create(ResolutionNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        int count = options.Rows.Length;
        (int Height, int Width)[] sizes = new (int, int)[count];
        for (int k = 0; k < count; k++)
        {
            sizes[k] = options.SizeOf(k);
        }

        ResolutionPredictor predictor = new(
            options.InputChannels, sizes[0].Height, sizes[0].Width, options.PredictorChannels, count, new GumbelSoftmaxRelaxation(noiseUntil: options.NoiseUntil));
        SizedResidualNetwork network = new(count, options.InputChannels, options.StemStride, options.Channels, options.Blocks, options.Classes);
        return new SingleStage(new Shape(options.Height, options.Width, options.InputChannels), new DynamicResolution(predictor, network, sizes)) { Recipe = options };
    }
}
