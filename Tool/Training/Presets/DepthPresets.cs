using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Training.Objectives;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks that skip layers, on the backbone of resnet-deep.</summary>
internal static class DepthPresets
{
    // SkipNet learns with gates that let gradients through first, then by policy gradient, and ends with gates that decide as at inference, so that the network
    // gets used to the likely ones.
    private const float HybridFrom = 0.15f;
    private const float HybridUntil = 0.6f;
    private const float HybridWeight = 0.5f;
    // Where this is worth about half a unit of loss for all that can be skipped, gates begin to tell inputs apart: so far above the target the share stays.
    private const float HybridSaving = 10;

    // As many as the first group has: gates as wide as the last one cost half a block where its map is one pixel.
    private const int GateChannels = 12;

    // With noise to the end gates would run by chance at the rate asked for, all alike, and without noise, at inference, then always.
    private const float NoiseUntil = 0.4f;

    // The mean over gates is weighed as in the released code of ConvNet-AIG; a heavier weight makes gates run at the rate whatever the input needs.
    private const float RateWeight = 0.3f;
    private const float RateSinksUntil = 0.4f;
    private const float PonderWeight = 0.04f;

    // BlockDrop: what a wrong answer costs; the policy decides about all blocks at half of training, and its decisions are settled for the last part.
    private const float WrongPenalty = 10;
    private const float PolicyWeight = 0.5f;
    private const float PolicyOpensUntil = 0.5f;
    private const float PolicyDrawsUntil = 0.7f;

    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        new("skipnet", "skips blocks by convolutional gates, hybrid of supervised and policy-gradient training", static (shape, classes, _) => SkipNet(shape, classes, SkippingMethod.FeedForward, 2))
        {
            Paper = "Wang et al., SkipNet, ECCV 2018",
            Static = "resnet-deep",
            Target = 0.55,
            Objective = static (objective, plan) => new PolicyGradient(objective, new HybridReward(HybridSaving, (float)plan.Target, countsLikely: true), HybridWeight, PolicyBaseline.Greedy),
        },
        new("skipnet-rnn", "skips blocks by one recurrent gate shared over depth", static (shape, classes, _) => SkipNet(shape, classes, SkippingMethod.Recurrent, 1))
        {
            Paper = "Wang et al., SkipNet, ECCV 2018",
            Static = "resnet-deep",
            Target = 0.6,
            Objective = static (objective, plan) => new PolicyGradient(objective, new HybridReward(HybridSaving, (float)plan.Target, countsLikely: true), HybridWeight, PolicyBaseline.Greedy),
        },
        new("convnet-aig", "skips blocks by gates on pooled features, each asked to run for a share of inputs", static (shape, classes, _) => Gated(shape, classes, SkippingMethod.Pooled, new GumbelSigmoidRelaxation(noiseUntil: NoiseUntil)))
        {
            Paper = "Veit and Belongie, ConvNet-AIG, ECCV 2018",
            Static = "resnet-deep",
            Target = 0.6,
            Objective = static (objective, plan) => new TargetRate(objective, RateWeight, RateSinksUntil, Rates((float)plan.Target)),
        },
        new("blockdrop", "skips blocks by a policy network that sees the input once", static (shape, classes, _) => GatedResNet.Create(
            new GatedResNetOptions { Backbone = StaticPresets.Deep(shape, classes), Method = SkippingMethod.Policy },
            new BernoulliActionRelaxation(0.8f, PolicyDrawsUntil),
            new Annealing(-0.6f, 1, PolicyOpensUntil)))
        {
            Paper = "Wu et al., BlockDrop, CVPR 2018",
            Static = "resnet-deep",
            Objective = static (objective, _) => new PolicyGradient(objective, new UsageReward(WrongPenalty), PolicyWeight, PolicyBaseline.Greedy),
        },
        new("act-resnet", "runs as many blocks of each group as an input needs, by halting scores", static (shape, classes, _) => Gated(shape, classes, SkippingMethod.Halting, null))
        {
            Paper = "Figurnov et al., Spatially Adaptive Computation Time, CVPR 2017; Graves, 2016",
            Static = "resnet-deep",
            Objective = static (objective, _) => new AuxiliaryTerms(objective, new KeyValuePair<string, float>(Halting.PonderTerm, PonderWeight)),
        },
        new("sdn-resnet", "residual network with classifiers attached after blocks 2, 4 and 6", static (shape, classes, _) => SdnResNet.Create(
            new SdnResNetOptions { Backbone = StaticPresets.Deep(shape, classes), After = [2, 4, 6] }))
        {
            Objective = static (_, plan) => new MultiExitObjective([], (float)plan.Smoothing, (float)plan.Distillation, rampsUp: true),
            Paper = "Kaya et al., Shallow-Deep Networks, ICML 2019",
            Static = "resnet-deep",
        },
    ];

    // Rates for the gated blocks of resnet-deep, three in the first group and two in each that follows. The first of a group runs for (nearly) all inputs, the
    // others for those that need them; the mean is the target. Blocks that all ran at one rate would each see a part of the inputs, and none the same as before.
    private static float[] Rates(float target)
    {
        const int Groups = 3;
        const int Others = 4;
        const float Usual = 0.6f;
        float first = MathF.Min(1, target / Usual);
        float other = Math.Clamp((((Groups + Others) * target) - (Groups * first)) / Others, 0, 1);
        return [first, other, other, first, other, first, other];
    }

    // A gate that is shared moves more slowly than gates of their own: it starts less open.
    private static IntermediateClassifiers SkipNet(Shape shape, int classes, SkippingMethod method, float openness) =>
        Gated(shape, classes, method, new PhasedRelaxation(new SigmoidRelaxation(), new BernoulliActionRelaxation(1, HybridUntil), HybridFrom), openness);

    private static IntermediateClassifiers Gated(Shape shape, int classes, SkippingMethod method, BinaryRelaxation? relaxation, float openness = 2) =>
        GatedResNet.Create(
            new GatedResNetOptions
            {
                Backbone = StaticPresets.Deep(shape, classes),
                Method = method,
                Openness = openness,
                GateWidth = method == SkippingMethod.FeedForward ? GateChannels : 0,
            },
            relaxation);
}
