using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Training.Objectives;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks that choose a path: branches, trees, supernets.</summary>
internal static class RoutingPresets
{
    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        new("hydranet", "shared trunk and four branches, one for each input", static (shape, classes, _) => HydraNet.Create(Sized(new HydraNetOptions(), shape, classes)))
        {
            Paper = "Mullapudi et al., HydraNets, CVPR 2018",
            Static = "resnet-small",
            Objective = static (usual, _) => new AuxiliaryTerms(usual, new KeyValuePair<string, float>("balance", 0.01f)),
        },
        new("supernet", "candidate blocks in each layer, picked for each input", static (shape, classes, _) => SuperNet.Create(Sized(new SuperNetOptions(), shape, classes)))
        {
            Paper = "Cheng et al., InstaNAS, AAAI 2020",
            Static = "resnet-small",

            // Of all candidates together: the costliest path takes 0.57 of them.
            Target = 0.3,
            Objective = static (usual, plan) => new ComputeBudget(usual, (float)plan.Target, weight: 20, boundsUntil: 0),
        },
        new("scale-routing", "a grid of scales through which each input finds its way", static (shape, classes, _) => ScaleRouting.Create(Sized(new ScaleRoutingOptions(), shape, classes)))
        {
            Paper = "Li et al., Learning dynamic routing, CVPR 2020",

            // As many parameters, and hardly more MACs than all of the grid takes.
            Static = "resnet-small",
            Target = 0.6,
            Objective = static (usual, plan) => new ComputeBudget(usual, (float)plan.Target, boundsUntil: 0),
        },
        new("adaptive-tree", "a convolutional network in the shape of a tree, one path at inference", static (shape, classes, _) => AdaptiveTreeNet.Create(Sized(new AdaptiveTreeOptions(), shape, classes)))
        {
            Paper = "Tanno et al., Adaptive neural trees, ICML 2019",
            Static = "resnet-small",
        },
        new("soft-tree", "soft decision tree over pixels, one path at inference", static (shape, classes, _) => SoftTree.Create(Sized(new SoftTreeOptions(), shape, classes)))
        {
            Paper = "Frosst and Hinton, Distilling a neural network into a soft decision tree, 2017",
            Static = "mlp-small",
            Objective = static (usual, _) => new AuxiliaryTerms(usual, new KeyValuePair<string, float>("balance", 0.1f)),
        },
        new("neural-forest", "residual network with a decision forest for a classifier", static (shape, classes, _) => NeuralForest.Create(Sized(new NeuralForestOptions(), shape, classes)))
        {
            Paper = "Kontschieder et al., Deep neural decision forests, ICCV 2015",
            Static = "resnet-small",
            Objective = static (usual, _) => new AuxiliaryTerms(usual, new KeyValuePair<string, float>("balance", 0.01f)),
        },
    ];

    private static T Sized<T>(T options, Shape shape, int classes)
        where T : ImageModelOptions => (T)(options with { Height = shape[0], Width = shape[1], InputChannels = shape[2], Classes = classes });
}
