using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Training.Objectives;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks for sequences that stop reading, think about each token as long as it needs, or choose experts token by token.</summary>
internal static class SignalPresets
{
    // Below that of other transformers: a layer that runs many times gets a gradient from each of its runs.
    private const double TransformerRate = 1e-3;

    // A sequence is read in about so many blocks.
    private const int Blocks = 16;

    // What reading everything costs a policy whose right and wrong answers are worth 1 and −1.
    private const float ReadingCost = 0.3f;

    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        SequencePreset.ForSequences("early-stop-learned", "answers every few steps, and stops by a gate that learns whether the answer is right", "lstm", static (shape, classes, plan) => Stop(shape, classes, plan, EarlyStopRule.Learned)) with
        {
            Paper = "Xin et al., BERxiT, EACL 2021; Ghodrati et al., FrameExit, CVPR 2021",
            Objective = static (usual, _) => new LearnedExits(usual),
        },
        SequencePreset.ForSequences("early-stop-policy", "the same with a policy that is rewarded for stopping early", "lstm", static (shape, classes, plan) => Stop(shape, classes, plan, EarlyStopRule.Policy)) with
        {
            Paper = "Hartvigsen et al., Adaptive-Halting Policy Network for Early Classification, KDD 2019",
            Objective = static (usual, _) => new StopPolicyGradient(usual, ReadingCost),
        },
        SequencePreset.ForSequences("causal-conv", "causal dilated convolutions, for texts and sequences of features", "", static (shape, classes, plan) => Causal(shape, classes, plan, shape[0])),
        SequencePreset.ForSequences("early-stop-conv", "the same, answering after each block of steps", "causal-conv", static (shape, classes, plan) => Causal(shape, classes, plan, BlockOf(shape))) with
        {
            Paper = "Ghodrati et al., FrameExit, CVPR 2021, by confidence",
        },
        SequencePreset.ForTexts("universal-transformer", "one layer, run on each token as often as it needs", "transformer", static (shape, classes, plan) => UniversalTransformer.Create(new UniversalTransformerOptions
        {
            Vocabulary = plan.Vocabulary,
            Length = shape[0],
            Classes = classes,
            Width = TextPresets.Width,
            Hidden = TextPresets.Hidden,
            Dropout = TextPresets.Dropout,
        })) with
        {
            Rate = TransformerRate,
            Paper = "Dehghani et al., Universal Transformers, ICLR 2019",
            Objective = static (usual, _) => Terms(usual, Halting.PonderTerm, 0.03f),
        },
        SequencePreset.ForTexts("moe-transformer", "two of four feed-forward experts of half the size for each token, by noisy gates", "transformer", static (shape, classes, plan) => MixtureTransformer.Create(Mixture(shape, classes, plan) with { Hidden = TextPresets.Hidden / 2 })) with
        {
            Rate = TransformerRate,
            Paper = "Shazeer et al., Outrageously Large Neural Networks: The Sparsely-Gated Mixture-of-Experts Layer, ICLR 2017",
            AddsAccuracy = true,
            Objective = static (usual, _) => new AuxiliaryTerms(usual, KeyValuePair.Create("importance", 0.02f), KeyValuePair.Create("load", 0.02f)),
        },
        SequencePreset.ForTexts("switch-transformer", "the most probable of four feed-forward experts for each token", "transformer", static (shape, classes, plan) => MixtureTransformer.Create(Mixture(shape, classes, plan) with { IsSwitch = true })) with
        {
            Rate = TransformerRate,
            Paper = "Fedus et al., Switch Transformers, JMLR 2022",
            AddsAccuracy = true,
            Objective = static (usual, _) => Terms(usual, "balance", 0.02f),
        },
    ];

    private static AuxiliaryTerms Terms(Objective usual, string term, float weight) => new(usual, KeyValuePair.Create(term, weight));

    private static int BlockOf(Shape shape) => Math.Max(1, (shape[0] + Blocks - 1) / Blocks);

    private static StagedNetwork Stop(Shape shape, int classes, TrainingPlan plan, EarlyStopRule rule) => EarlyStopNet.Create(new EarlyStopOptions
    {
        Embedding = TextPresets.Width,
        Units = TextPresets.Units,
        BlockSteps = BlockOf(shape),
        Rule = rule,
    }.For(shape, classes, plan));

    private static StagedNetwork Causal(Shape shape, int classes, TrainingPlan plan, int block) => EarlyStopNet.Create(new EarlyStopOptions
    {
        Embedding = TextPresets.Width,
        Trunk = EarlyStopTrunk.Convolution,
        Layers = 3,
        BlockSteps = block,
    }.For(shape, classes, plan));

    private static MixtureTransformerOptions Mixture(Shape shape, int classes, TrainingPlan plan) => new()
    {
        Vocabulary = plan.Vocabulary,
        Length = shape[0],
        Classes = classes,
        Width = TextPresets.Width,
        Hidden = TextPresets.Hidden,
        Dropout = TextPresets.Dropout,
    };
}
