using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Training.Objectives;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks that choose a path: branches, trees, supernets.</summary>
internal static class RoutingPresets
{
    /// <summary>The model whose tree can be grown.</summary>
    public const string AdaptiveTree = "adaptive-tree";

    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        // Of one branch a sample learns from no other: two that are half as large see twice the samples, and their gate what each adds.
        new("hydranet", "shared trunk and four branches, two for each input", static (shape, classes, _) => HydraNet.Create(Sized(
            new HydraNetOptions { Channels = [8, 20], Active = 2, SoftShare = 0.25 }, shape, classes)))
        {
            Paper = "Mullapudi et al., HydraNets, CVPR 2018",
            Static = "resnet-small",
            Objective = static (usual, _) => new AuxiliaryTerms(usual, new KeyValuePair<string, float>("balance", 0.01f)),
        },
        new("supernet", "candidate blocks in each layer, picked for each input", static (shape, classes, _) => SuperNet.Create(Sized(
            new SuperNetOptions { Channels = [12, 24, 24, 48, 48], SharesWeights = true, OneShotShare = 0.25 }, shape, classes)))
        {
            Paper = "Cheng et al., InstaNAS, AAAI 2020",
            Static = "resnet-small",

            // Of all candidates together: the costliest path takes 0.57 of them.
            Target = 0.25,
            Objective = static (usual, plan) => new ComputeBudget(usual, (float)plan.Target, weight: 20, boundsUntil: 0),
        },
        new("scale-routing", "a grid of scales through which each input finds its way", static (shape, classes, _) => ScaleRouting.Create(Sized(
            new ScaleRoutingOptions { StemStride = 1, Layers = 3, Channels = [10, 20, 40] }, shape, classes)))
        {
            Paper = "Li et al., Learning dynamic routing, CVPR 2020",

            // As deep as the shortest way through the grid, with as many channels; all ways together take 1.6 times its MACs.
            Static = "resnet-small",
            Target = 0.5,
            Objective = static (usual, plan) => new ComputeBudget(usual, (float)plan.Target, boundsUntil: 0),
        },
        new(AdaptiveTree, "a convolutional network in the shape of a tree, one path at inference", static (shape, classes, plan) => AdaptiveTreeNet.Create(Tree(shape, classes, plan.Tree)))
        {
            Paper = "Tanno et al., Adaptive neural trees, ICML 2019",
            Static = "resnet-small",
        },
        new("soft-tree", "soft decision tree over pixels, one path at inference", static (shape, classes, _) => SoftTree.Create(Sized(
            new SoftTreeOptions { FirstBeta = Sharpness(shape), Beta = Sharpness(shape) }, shape, classes)))
        {
            Paper = "Frosst and Hinton, Distilling a neural network into a soft decision tree, 2017",
            Static = "mlp-small",

            // The gradient of a decision is as small as the share of samples that come to it, which halves with every level.
            UsesAdam = true,
            Rate = 0.01,
            Objective = static (usual, _) => new AuxiliaryTerms(usual, new KeyValuePair<string, float>("balance", 0.1f)),
        },
        new("neural-forest", "residual network with a decision forest for a classifier", static (shape, classes, _) => NeuralForest.Create(Sized(new NeuralForestOptions(), shape, classes)))
        {
            Paper = "Kontschieder et al., Deep neural decision forests, ICCV 2015",
            Static = "resnet-small",
            Objective = static (usual, _) => new AuxiliaryTerms(usual, new KeyValuePair<string, float>("balance", 0.01f)),
        },
    ];

    /// <summary>The options of adaptive-tree.</summary>
    /// <param name="shape">A sample's.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="nodes">The tree that has grown, as in a plan; empty: the usual one.</param>
    public static AdaptiveTreeOptions Tree(Shape shape, int classes, string nodes)
    {
        // Along one way of the usual tree it takes what a residual network of fewer channels takes.
        AdaptiveTreeOptions options = Sized(new AdaptiveTreeOptions { Channels = 32 }, shape, classes);
        return nodes.Length == 0 ? options : options with { Nodes = Array.ConvertAll(nodes.Split(','), node => int.Parse(node, CultureInfo.InvariantCulture)) };
    }

    // A step of one size in each weight moves a decision the more, the more pixels it looks at: 1 for 8 × 8 of them.
    private static float Sharpness(Shape shape) => 8 / MathF.Sqrt(shape.Count);

    private static T Sized<T>(T options, Shape shape, int classes)
        where T : ImageModelOptions => (T)(options with { Height = shape[0], Width = shape[1], InputChannels = shape[2], Classes = classes });
}
