using System.Collections.Generic;
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
    ];

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
