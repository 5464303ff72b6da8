using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Training.Objectives;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks that choose their width: neurons, channels, experts.</summary>
internal static class WidthPresets
{
    // What saving all groups of channels is worth in losses where all of them run, beyond the target, and how much that weighs beside the loss itself.
    private const float PruningSaving = 10;
    private const float PruningWeight = 0.5f;

    // A panel of weights on processors with eight lanes: chosen channels are then multiplied from where their weights lie.
    private const int GroupSize = 16;

    // Neurons that are switched together: four panels.
    private const int BlockSize = 64;

    private const string StaticChannels = "channels-static";
    private const string StaticNeurons = "mlp-static";
    private const string StaticMixture = "moe-static";
    private const string StaticConvolutionalMixture = "moe-conv-static";

    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        new(StaticChannels, "plain convolutional network, all channels", static (shape, classes, _) => Channels(shape, classes, new ChannelNetOptions())),
        new("fbs", "computes the most salient groups of channels only", static (shape, classes, plan) => Channels(shape, classes, new ChannelNetOptions
        {
            Method = ChannelMethod.Boosted,
            GroupSize = GroupSize,
            Density = Target(plan, 0.7),
        }))
        {
            Static = StaticChannels,
            Target = 0.7,
            Paper = "Gao et al., Dynamic Channel Pruning: Feature Boosting and Suppression, ICLR 2019",
            Objective = static (usual, _) => Terms(usual, KeyValuePair.Create("saliency", 1e-8f)),
        },
        new("channel-gated", "adds most input channels only where the first ones promise something", static (shape, classes, _) => Channels(shape, classes, new ChannelNetOptions
        {
            Method = ChannelMethod.Gated,
            GroupSize = GroupSize,

            // Of scores that are normalised: about half of all places are worth the rest.
            Threshold = 0,
        }))
        {
            Static = StaticChannels,
            Paper = "Hua et al., Channel Gating Neural Networks, NeurIPS 2019",
            Objective = static (usual, _) => Terms(usual, KeyValuePair.Create("threshold", 0.05f)),
        },
        new("gaternet", "a second network opens and closes the filters", static (shape, classes, _) => Channels(shape, classes, new ChannelNetOptions
        {
            Method = ChannelMethod.Gater,
            GroupSize = GroupSize,
        }))
        {
            Static = StaticChannels,
            Paper = "Chen et al., You Look Twice: GaterNet for Dynamic Filter Selection in CNNs, CVPR 2019",
            Target = 0.75,

            // The paper's L1 on gates, of one weight, leaves nearly all of them open or hardly any, as data and length of training have it: a budget takes its place.
            Objective = static (usual, plan) => new ComputeBudget(usual, (float)Target(plan, 0.75), boundsUntil: 0),
        },
        new("rnp", "an agent says how many nested groups of channels each layer computes", static (shape, classes, _) => Channels(shape, classes, new ChannelNetOptions
        {
            Method = ChannelMethod.Pruned,
        }))
        {
            Static = StaticChannels,
            Target = 0.7,
            Paper = "Lin et al., Runtime Neural Pruning, NeurIPS 2017",
            Objective = static (usual, plan) => new PolicyGradient(usual, new HybridReward(PruningSaving, (float)Target(plan, 0.7)), PruningWeight, PolicyBaseline.Greedy),
        },
        new("slimmable", "a gate chooses the width of each stage", static (shape, classes, _) => Channels(shape, classes, new ChannelNetOptions
        {
            Method = ChannelMethod.Slimmable,

            // Short training does not recover from steps in which widths answer that no gate chose.
            WarmUp = 0,
        }))
        {
            Static = StaticChannels,
            Target = 0.75,
            Paper = "Li et al., Dynamic Slimmable Network, CVPR 2021",
            Objective = static (usual, plan) => new ComputeBudget(usual, (float)Target(plan, 0.75)),
        },
        new(StaticNeurons, "two fully connected layers, all neurons", static (shape, classes, _) => Neurons(shape, classes, new FeedForwardOptions())),
        new("mlp-small", "one fully connected layer, with as many parameters as a tree of soft decisions", static (shape, classes, _) => FeedForwardNet.Create(new FeedForwardOptions
        {
            Height = shape[0],
            Width = shape[1],
            InputChannels = shape[2],
            Classes = classes,
            Hidden = [256],
        })),
        new("conditional-mlp", "gates switch blocks of neurons", static (shape, classes, plan) => Neurons(shape, classes, new FeedForwardOptions
        {
            Method = FeedForwardMethod.Blocks,
            BlockSize = BlockSize,
            Target = Target(plan, 0.7),
        }))
        {
            Static = StaticNeurons,
            Target = 0.7,
            Paper = "Bengio et al., Conditional Computation in Neural Networks for Faster Models, 2015",
            Objective = static (usual, _) => Terms(usual, KeyValuePair.Create("block-rate", 5f), KeyValuePair.Create("sample-rate", 5f), KeyValuePair.Create("spread", 0.5f)),
        },
        new("lowrank-mlp", "computes neurons whose sign is estimated to be positive", static (shape, classes, _) => Neurons(shape, classes, new FeedForwardOptions
        {
            Method = FeedForwardMethod.Signs,
            BlockSize = 1,
        }))
        {
            Static = StaticNeurons,
            Paper = "Davis and Arel, Low-Rank Approximations for Conditional Feedforward Computation in Deep Neural Networks, 2013",
        },
        new(StaticMixture, "two residual layers as wide as eight experts", static (shape, classes, _) => Mixture(shape, classes, ExpertGating.Static, 1)),
        new("moe", "two of eight fully connected experts", static (shape, classes, _) => Mixture(shape, classes, ExpertGating.TopK, 2))
        {
            Static = StaticMixture,
            Target = 0.25,
            HasFixedTarget = true,
            Paper = "Shazeer et al., Outrageously Large Neural Networks: The Sparsely-Gated Mixture-of-Experts Layer, ICLR 2017",
            Objective = static (usual, _) => Terms(usual, KeyValuePair.Create("importance", 0.02f), KeyValuePair.Create("load", 0.02f)),
        },
        new("moe-soft", "eight fully connected experts, all weighed", static (shape, classes, _) => Mixture(shape, classes, ExpertGating.Soft, 8))
        {
            Static = StaticMixture,
            Paper = "Jacobs et al., Adaptive Mixtures of Local Experts, Neural Computation 1991",
        },
        new("moe-switch", "one of eight fully connected experts", static (shape, classes, _) => Mixture(shape, classes, ExpertGating.Switch, 1))
        {
            Static = StaticMixture,
            Target = 0.125,
            HasFixedTarget = true,
            Paper = "Fedus et al., Switch Transformers, JMLR 2022",
            Objective = static (usual, _) => Terms(usual, KeyValuePair.Create("balance", 0.02f)),
        },
        new("moe-hierarchical", "two levels of fully connected experts: two of four groups, two of the four experts of each", static (shape, classes, _) => Mixture(shape, classes, ExpertGating.Hierarchical, 2))
        {
            Static = StaticMixture,
            Target = 0.5,
            HasFixedTarget = true,
            Paper = "Shazeer et al., Outrageously Large Neural Networks: The Sparsely-Gated Mixture-of-Experts Layer, ICLR 2017, appendix B",
            Objective = static (usual, _) => Terms(usual, KeyValuePair.Create("importance", 0.02f), KeyValuePair.Create("load", 0.02f)),
        },
        new(StaticConvolutionalMixture, "two residual blocks as wide as two experts", static (shape, classes, _) => Convolutions(shape, classes, ExpertGating.Static)),
        new("moe-conv", "one of two convolutional experts", static (shape, classes, _) => Convolutions(shape, classes, ExpertGating.Switch))
        {
            Static = StaticConvolutionalMixture,
            Target = 0.5,
            HasFixedTarget = true,
            Paper = "Fedus et al., Switch Transformers, JMLR 2022",
            Objective = static (usual, _) => Terms(usual, KeyValuePair.Create("balance", 0.02f)),
        },
    ];

    // Wide enough that half of the channels are still whole vectors of multiplications, and that arithmetic outweighs what a decision costs.
    private static int[] ChannelWidths => [32, 64, 128, 128];

    // More weights than a second cache holds: what is not read is then what is saved.
    private static int[] NeuronWidths => [1536, 1536];

    private static double Target(TrainingPlan plan, double preset) => plan.Target > 0 ? plan.Target : preset;

    private static AuxiliaryTerms Terms(Objective usual, params ReadOnlySpan<KeyValuePair<string, float>> weights) => new(usual, weights);

    private static SingleStage Channels(Shape shape, int classes, ChannelNetOptions options) => ChannelNet.Create((options with
    {
        Channels = ChannelWidths,
    }).For(shape, classes));

    private static SingleStage Neurons(Shape shape, int classes, FeedForwardOptions options) => FeedForwardNet.Create(options with
    {
        Height = shape[0],
        Width = shape[1],
        InputChannels = shape[2],
        Classes = classes,
        Hidden = NeuronWidths,
    });

    private static SingleStage Mixture(Shape shape, int classes, ExpertGating gating, int chosen) => MixtureNet.Create(new MixtureNetOptions
    {
        Height = shape[0],
        Width = shape[1],
        InputChannels = shape[2],
        Classes = classes,
        Channels = [384, 384],
        Gating = gating,
        Chosen = chosen,
        Experts = gating == ExpertGating.Hierarchical ? 16 : 8,
        Groups = gating == ExpertGating.Hierarchical ? 4 : 1,
    });

    private static SingleStage Convolutions(Shape shape, int classes, ExpertGating gating) => MixtureNet.Create(new MixtureNetOptions
    {
        Height = shape[0],
        Width = shape[1],
        InputChannels = shape[2],
        Classes = classes,
        IsConvolutional = true,
        Channels = [32, 64],
        Hidden = [64, 64],
        Experts = 2,
        Chosen = 1,
        Gating = gating,
    });
}
