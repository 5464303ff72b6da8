using System;
using System.Collections.Generic;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.InstanceWise.DynamicWidth;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>The layers of Layers/InstanceWise/DynamicWidth that the laws are tested on.</summary>
internal static class DynamicWidthCases
{
    public static readonly IReadOnlyList<LayerCase> All =
    [
        new("mixture, soft", typeof(MixtureOfExperts), () => new MixtureOfExperts(new SoftExpertGate(7, 3), false, Mlps(3)), 7),
        new("mixture, top 2 of 4", typeof(MixtureOfExperts), () => new MixtureOfExperts(new NoisyTopKGate(7, 4, 2), true, Mlps(4)), 7)
        {
            Skips = true,
            WithoutGradient = Unchosen(4),
            ChecksTrainMode = false,
        },
        new("mixture, switch", typeof(MixtureOfExperts), () => new MixtureOfExperts(new SwitchGate(7, 3), true, Mlps(3)), 7)
        {
            Skips = true,
            WithoutGradient = Unchosen(3),
            ChecksTrainMode = false,
        },
        new("mixture of mixtures", typeof(MixtureOfExperts), () => new MixtureOfExperts(
            new SoftExpertGate(7, 2), false, new MixtureOfExperts(new SoftExpertGate(7, 2), false, Mlps(2)), new MixtureOfExperts(new SoftExpertGate(7, 2), false, Mlps(2))), 7),
        new("mixture of convolutions", typeof(MixtureOfExperts), () => new MixtureOfExperts(
            new SwitchGate(8, 2), true, MixtureOfExperts.Convolutional(8, 9), MixtureOfExperts.Convolutional(8, 9)), 5, 6, 8)
        {
            Skips = true,
            WithoutGradient = Unchosen(2, "0.conv.weight", "0.norm.weight", "0.norm.bias", "1.conv.weight", "1.norm.weight", "1.norm.bias"),
            ChecksTrainMode = false,
        },
        new("boosted convolution", typeof(BoostedConvBlock), () => new BoostedConvBlock(8, 12, 3, density: 0.5f), 6, 5, 8) { Skips = true, Prepare = Shrink("saliency.bias", 0.2f) },
        new("boosted convolution, groups", typeof(BoostedConvBlock), () => new BoostedConvBlock(6, 32, 3, 2, 0.25f, 8), 7, 6, 6) { Skips = true },
        new("boosted convolution, all", typeof(BoostedConvBlock), () => new BoostedConvBlock(3, 8, 1, density: 1), 4, 4, 3),
        new("slimmable convolution", typeof(SlimmableConvBlock), () => new SlimmableConvBlock([4, 8], [5, 9, 12], 3), 6, 5, 8)
        {
            WithoutGradient = ["norm0.weight", "norm0.bias", "norm1.weight", "norm1.bias"],
        },

        // Straight-through: the chosen width's gradient is that of soft scores.
        new("slimmable stage", typeof(SlimmableStage), () => new SlimmableStage(
            new WidthGate(8, 6, 3), 8, new SlimmableConvBlock([4, 8], [4, 8, 12], 3, 2), new SlimmableConvBlock([4, 8, 12], [4, 8, 12], 3)), 6, 5, 8)
        {
            Skips = true,
            HasSurrogateGradients = true,
        },

        // Straight-through: the decision to add the other channels.
        new("channel gating", typeof(ChannelGatedConvBlock), () => new ChannelGatedConvBlock(8, 16, 3, groupSize: 8, target: 0.1f), 6, 5, 8)
        {
            Skips = true,
            HasSurrogateGradients = true,
        },
        new("channel gating of elements", typeof(ChannelGatedConvBlock), () => new ChannelGatedConvBlock(7, 6, 3, 2, 3, 1, 0.2f), 6, 5, 7)
        {
            Skips = true,
            HasSurrogateGradients = true,
        },

        // Straight-through: the gates.
        new("gated blocks", typeof(BlockGatedLinear), () => new BlockGatedLinear(9, 24, 8, relaxation: new GumbelSigmoidRelaxation()), 9)
        {
            Skips = true,
            HasSurrogateGradients = true,
            Prepare = Shrink("gate.bias", 0.1f),
        },

        // Policy gradient: nothing reaches the gate but by an objective that rewards it. Train mode draws blocks anew, by the context alone.
        new("gated blocks, drawn", typeof(BlockGatedLinear), () => new BlockGatedLinear(9, 24, 4), 9)
        {
            Skips = true,
            WithoutGradient = ["gate.weight", "gate.bias"],
            Prepare = Shrink("gate.bias", 0.1f),
        },

        // Train mode decomposes the weights anew at step 0, whose signs jump.
        new("estimated signs", typeof(SignEstimatedLinear), () => new SignEstimatedLinear(9, 24, 3), 9) { Skips = true, ChecksTrainMode = false },
        new("estimated signs of blocks", typeof(SignEstimatedLinear), () => new SignEstimatedLinear(9, 24, 2, 4), 9) { Skips = true, ChecksTrainMode = false },
    ];

    private static Action<Layer> Shrink(string path, float factor) => layer =>
    {
        foreach (ref float value in layer.NamedParameters().Find(pair => pair.Key == path).Value.Value.Span)
        {
            value *= factor;
        }
    };

    private static Layer[] Mlps(int count)
    {
        Layer[] experts = new Layer[count];
        for (int e = 0; e < count; e++)
        {
            experts[e] = MixtureOfExperts.FullyConnected(7, 5, 7);
        }

        return experts;
    }

    // Experts that none of a test's few samples chose, and the noise, which is of Train mode.
    private static string[] Unchosen(int experts, params string[] paths)
    {
        List<string> all = ["gate.noise.weight"];
        string[] own = paths.Length > 0 ? paths : ["0.weight", "0.bias", "2.weight", "2.bias"];
        for (int e = 0; e < experts; e++)
        {
            foreach (string path in own)
            {
                all.Add($"expert{e}.{path}");
            }
        }

        return [.. all];
    }
}
