using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Training.Objectives;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks with several exits.</summary>
internal static class ExitPresets
{
    private const string MsdNetPaper = "Huang et al., Multi-Scale Dense Networks, ICLR 2018";

    private const int SmallExits = 5;

    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        new("msdnet-tiny", "multi-scale with 4 exits, for small images and short training", static (shape, classes, _) => Msd(shape, classes, 2, 8, 8, [1, 2, 3, 4], 24))
        {
            Paper = MsdNetPaper,
        },
        new("msdnet-small", "multi-scale with 5 exits, all scales to the end", static (shape, classes, _) => Small(shape, classes, ExitGradients.Sum, 0))
        {
            Paper = MsdNetPaper,
            Static = "resnet-base",
        },
        new("msdnet-small-ge", "the same, trained with the mean of the exits' gradients and not their sum", static (shape, classes, _) => Small(shape, classes, ExitGradients.Equilibrium, 0))
        {
            Paper = "Li et al., Improved techniques for training adaptive deep networks, ICCV 2019",
        },
        new("msdnet-small-boosted", "the same with exits that add up, each trained on what those before left over", static (shape, classes, _) => Small(shape, classes, ExitGradients.Equilibrium, 0.5f))
        {
            Paper = "Yu et al., Boosted dynamic neural networks, AAAI 2023",
        },
        new("msdnet-small-weighted", "the same, each exit trained most on the samples that leave there", static (shape, classes, _) => Small(shape, classes, ExitGradients.Equilibrium, 0))
        {
            Paper = "Han et al., Learning to weight samples for dynamic early-exiting networks, ECCV 2022",
            HasOwnLoss = true,
            Objective = static (_, plan) => new LearnedSampleWeights(SmallExits, (ulong)plan.Seed),
        },
        new("msdnet-base", "multi-scale with 5 exits, at the full size of the image", static (shape, classes, _) => Msd(shape, classes, 1, 16, 12, [1, 2, 3, 4, 4], 64))
        {
            Paper = MsdNetPaper,
        },
        new("cascade", "a small residual network, and a larger one for inputs that the small one is not sure about", static (shape, classes, _) => ResNet.CreateCascade(
            StaticPresets.Sized(shape, classes, [8, 16, 32]),
            StaticPresets.Sized(shape, classes, [16, 32, 64])))
        {
            Paper = "Park et al., Big/Little, CODES+ISSS 2015; Bolukbasi et al., Adaptive Neural Networks for Efficient Inference, ICML 2017",
            Static = "resnet-base",
        },
        new("cascade-learned", "the same with gates that learn, from the last network backwards, when an answer is worth more than going on", static (shape, classes, _) => ResNet.CreateCascade(
            true,
            StaticPresets.Sized(shape, classes, [8, 16, 32]),
            StaticPresets.Sized(shape, classes, [16, 32, 64])))
        {
            Paper = "Bolukbasi et al., Adaptive Neural Networks for Efficient Inference, ICML 2017",
            Objective = static (usual, _) => new BackwardExits(usual, cost: 0.1f),
        },
        new("resnet-exits", "residual network with a classifier after each group", static (shape, classes, _) => StaticPresets.Residual(shape, classes, [16, 32, 64], true))
        {
            Paper = "Teerapittayanon et al., BranchyNet, ICPR 2016",
            Static = "resnet-base",
        },
        new("resnet-exits-ramp", "the same, with the weights of early exits growing while training goes on", static (shape, classes, _) => StaticPresets.Residual(shape, classes, [16, 32, 64], true))
        {
            Paper = "Kaya et al., Shallow-deep networks, ICML 2019",
            Objective = static (_, plan) => new MultiExitObjective([], (float)plan.Smoothing, (float)plan.Distillation, rampsUp: true),
        },
    ];

    private static MsdNet Small(Shape shape, int classes, ExitGradients gradients, float carry) => new(new MsdNetOptions
    {
        StemStride = 2,
        BaseChannels = 16,
        GrowthRate = 16,
        GrowthFactors = [1, 2, 2],
        LayersPerBlock = [1, 1, 1, 1, 2],
        ClassifierChannels = 32,
        DropsScales = false,
        ExitCarry = carry,
    }.For(shape, classes))
    {
        ExitGradients = gradients,
    };

    private static MsdNet Msd(Shape shape, int classes, int stride, int channels, int growth, int[] layers, int classifier) => new(new MsdNetOptions
    {
        StemStride = stride,
        BaseChannels = channels,
        GrowthRate = growth,
        LayersPerBlock = layers,
        ClassifierChannels = classifier,
    }.For(shape, classes));
}
