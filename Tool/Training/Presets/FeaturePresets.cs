using System.Collections.Generic;
using ManagedDyn.Layers.Models;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks that weigh their features by the input.</summary>
internal static class FeaturePresets
{
    /// <summary>The model that has a choice of both.</summary>
    public const string AttentionResNet = "attention-resnet";

    /// <summary>The attentions that --attention takes; the first is none at all.</summary>
    public static string[] Attentions { get; } = AttentiveResNetOptions.Attentions.ToArray();

    /// <summary>The activations that --activation takes; the first is the plain one.</summary>
    public static string[] Activations { get; } = AttentiveResNetOptions.Activations.ToArray();

    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        new(AttentionResNet, "residual network with --attention and --activation in every block", static (shape, classes, plan) => AttentiveResNet.Create(new AttentiveResNetOptions
        {
            Attention = plan.Attention,
            Activation = plan.Activation,
        }.For(shape, classes)))
        {
            Paper = "Hu et al., Squeeze-and-Excitation Networks, CVPR 2018, and others: see --attention and --activation",
            HasFeatureChoice = true,
        },
    ];
}
