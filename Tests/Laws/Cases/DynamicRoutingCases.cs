using System.Collections.Generic;
using ManagedDyn.Layers.InstanceWise.DynamicRouting;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>The layers of Layers/InstanceWise/DynamicRouting that the laws are tested on.</summary>
internal static class DynamicRoutingCases
{
    public static readonly IReadOnlyList<LayerCase> All =
    [
        new("soft decision tree", typeof(SoftDecisionTree), () => new SoftDecisionTree(7, 4, 3, 1.5f), 7) { Skips = true },
        new("soft decision tree over images", typeof(SoftDecisionTree), () => new SoftDecisionTree(36, 3, 5, 2, 1), 4, 3, 3) { Skips = true },
        new("decision forest", typeof(DecisionForest), () => new DecisionForest(9, 4, 3, 2), 9) { Skips = true },

        // While training, gradients reach the gate through the chosen branches only.
        new("branches, one of three", typeof(MultiBranch), () => Branches(1), 5, 6, 4) { Skips = true, ChecksTrainMode = false },
        new("branches, two of three", typeof(MultiBranch), () => Branches(2), 5, 6, 4) { Skips = true, ChecksTrainMode = false },

        // While training, a straight-through maximum passes the gradient of the soft choice.
        new("supernet", typeof(PathSuperNet), () => new PathSuperNet(2, 3, [4, 4, 6], [[0, 2, 4], [0, 3], [3, 6]], controllerChannels: 4), 9, 8, 2)
        {
            Skips = true,
            ChecksTrainMode = false,
            GradientTolerance = 2e-2,
        },
        new("supernet of shared weights", typeof(PathSuperNet), () => new PathSuperNet(2, 3, [4, 4, 6], [[0, 2, 4], [0, 3], [3, 6]], controllerChannels: 4, sharesWeights: true), 9, 8, 2)
        {
            Skips = true,
            ChecksTrainMode = false,
            GradientTolerance = 2e-2,
        },
        new("scale routing, two scales", typeof(ScaleRoutingGrid), () => new ScaleRoutingGrid(3, 4, 6), 7, 6, 4) { Skips = true, GradientTolerance = 2e-2 },
        new("scale routing, one layer", typeof(ScaleRoutingGrid), () => new ScaleRoutingGrid(1, 4, 6), 4, 4, 4) { Skips = true, GradientTolerance = 2e-2 },
        new("adaptive tree", typeof(AdaptiveTree), () => new AdaptiveTree(2, 3, TreeNodeShape.Parse([-2, -1, 1, 0, 1]), 4, 3, 1), 8, 7, 2) { Skips = true, GradientStep = 5e-4f, GradientTolerance = 2e-2 },
        new("adaptive tree of one leaf", typeof(AdaptiveTree), () => new AdaptiveTree(2, 3, new TreeNodeShape(2), 4, 3, 1), 6, 5, 2),
    ];

    private static MultiBranch Branches(int active) => new(
        new BranchGate(4, 3, active, 5), new ConvBlock(4, 5, 3), new ConvBlock(4, 5, 1), new Sequential(new ConvBlock(4, 3, 3), new ConvBlock(3, 5, 3)));
}
