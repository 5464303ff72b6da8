using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.TemporalWise.Text;
using ManagedDyn.Layers.Training.Objectives;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Small networks for texts and other sequences that leave early, drop tokens, skip or skim steps, and the static ones that they are compared with.</summary>
internal static class TextPresets
{
    // Without vectors from elsewhere, wider networks learn a few thousand texts by heart and answer no better.
    internal const int Width = 64;
    internal const int Hidden = 128;
    internal const float Dropout = 0.2f;
    internal const int Units = 64;

    // Of a layer's tokens.
    private const float TokensKept = 0.5f;

    // What each token kept, and each step not skimmed, adds to the loss.
    private const float TokensWeight = 0.2f;
    private const float JumpWeight = 0.03f;

    // Texts that are read in part are soon known by heart: with a smaller one the network learns to read a third of them, and errs on others.
    private const float JumpPenalty = 20;
    private const float SkimWeight = 0.05f;
    private const float ShareWeight = 0.05f;
    private const float PonderWeight = 0.01f;
    private const float UpdatesWeight = 2e-3f;
    private const float UpdatesWeightOfLevels = 2e-5f;

    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        SequencePreset.ForTexts("transformer", "encoder of 4 layers over words, for texts", "", static (shape, classes, plan) => ExitTransformer.Create(Exits(shape, classes, plan) with { HasExits = false })),
        SequencePreset.ForTexts("exit-transformer", "the same with an exit after each layer, by confidence", "transformer", static (shape, classes, plan) => ExitTransformer.Create(Exits(shape, classes, plan))) with
        {
            Paper = "Xin et al., DeeBERT, ACL 2020; Zhou et al., BERT loses patience, NeurIPS 2020",
            Objective = static (_, plan) => new MultiExitObjective(ExitWeights, (float)plan.Smoothing, (float)plan.Distillation),
        },
        SequencePreset.ForTexts("learned-exit-transformer", "the same, by gates that learn whether an answer is right", "transformer", static (shape, classes, plan) => ExitTransformer.Create(Exits(shape, classes, plan) with { HasExitGates = true })) with
        {
            Paper = "Xin et al., BERxiT, EACL 2021",
            Objective = static (_, plan) => new LearnedExits(new MultiExitObjective(ExitWeights, (float)plan.Smoothing, (float)plan.Distillation)),
        },
        SequencePreset.ForTexts("token-drop-transformer", "hands on the tokens that get most attention, a share a layer", "transformer", static (shape, classes, plan) => TokenDropTransformer.Create(Drops(shape, classes, plan) with { Keep = plan.Target > 0 ? (float)plan.Target : TokensKept })) with
        {
            Paper = "Goyal et al., PoWER-BERT, ICML 2020",
            Target = TokensKept,
        },
        SequencePreset.ForTexts("learned-token-drop", "hands on the tokens above a learned threshold of attention", "transformer", static (shape, classes, plan) => TokenDropTransformer.Create(Drops(shape, classes, plan) with { IsLearned = true })) with
        {
            Paper = "Kim et al., Learned Token Pruning, KDD 2022",
            Objective = static (objective, _) => new AuxiliaryTerms(objective, new KeyValuePair<string, float>(TokenDropping.TokensTerm, TokensWeight)),
        },
        SequencePreset.ForSequences("lstm", "recurrent network, for texts and sequences of features", "", static (shape, classes, plan) => SkipLstm.Create(Recurrent(shape, classes, plan, RecurrentMethod.Static))),
        SequencePreset.ForSequences("gru", "the same with gated recurrent units", "", static (shape, classes, plan) => SkipLstm.Create(Recurrent(shape, classes, plan, RecurrentMethod.Static) with { IsGru = true })),
        SequencePreset.ForSequences("skip-lstm", "leaves out updates of the state", "lstm", static (shape, classes, plan) => SkipLstm.Create(Recurrent(shape, classes, plan, RecurrentMethod.Skip))) with
        {
            Paper = "Campos et al., Skip RNN, ICLR 2018",
            Objective = Updates,
        },
        SequencePreset.ForSequences("skip-gru", "the same with gated recurrent units", "gru", static (shape, classes, plan) => SkipLstm.Create(Recurrent(shape, classes, plan, RecurrentMethod.Skip) with { IsGru = true })) with
        {
            Paper = "Campos et al., Skip RNN, ICLR 2018",
            Objective = Updates,
        },
        SequencePreset.ForSequences("skim-lstm", "updates a few units where a step matters little", "lstm", static (shape, classes, plan) => SkipLstm.Create(Recurrent(shape, classes, plan, RecurrentMethod.Skim))) with
        {
            Paper = "Seo et al., Neural Speed Reading via Skim-RNN, ICLR 2018",
            Objective = static (objective, _) => new AuxiliaryTerms(objective, new KeyValuePair<string, float>(SkimRnn.SkimTerm, SkimWeight)),
        },
        SequencePreset.ForSequences("jump-lstm", "reads some words and jumps over the next, by policy gradient", "lstm", static (shape, classes, plan) => AdaptiveRnn.Create(Adaptive(shape, classes, plan, AdaptiveMethod.Jump) with { Reads = 4, LongestJump = 5, Jumps = shape[0] })) with
        {
            Paper = "Yu, Lee and Le, Learning to Skim Text, ACL 2017",
            Objective = static (objective, _) => new PolicyGradient(objective, new UsageReward(JumpPenalty), JumpWeight, PolicyBaseline.Greedy),
        },
        SequencePreset.ForSequences("early-stop-lstm", "answers every few steps and stops when it is sure", "lstm", static (shape, classes, plan) => EarlyStopNet.Create(Stopping(shape, classes, plan))) with
        {
            Paper = "Huang et al., Length adaptive recurrent model for text classification, CIKM 2017; Dennis et al., EMI-RNN, NeurIPS 2018",
        },
        SequencePreset.ForSequences("variable-gru", "updates a share of its units at each step", "", static (shape, classes, plan) => AdaptiveRnn.Create(Adaptive(shape, classes, plan, AdaptiveMethod.Variable))) with
        {
            Paper = "Jernite et al., Variable computation in recurrent neural networks, ICLR 2017",
            Objective = static (objective, _) => new AuxiliaryTerms(objective, new KeyValuePair<string, float>(VariableComputationRnn.ShareTerm, ShareWeight)),
        },
        SequencePreset.ForSequences("hierarchical-lstm", "finds where segments end, at which its upper layer updates", "", static (shape, classes, plan) => AdaptiveRnn.Create(Adaptive(shape, classes, plan, AdaptiveMethod.Hierarchical))) with
        {
            Paper = "Chung, Ahn and Bengio, Hierarchical multiscale recurrent neural networks, ICLR 2017",
        },
        SequencePreset.ForSequences("ponder-gru", "updates as often at each step as it needs, by halting scores", "", static (shape, classes, plan) => AdaptiveRnn.Create(Adaptive(shape, classes, plan, AdaptiveMethod.Ponder) with { IsGru = true })) with
        {
            Paper = "Graves, Adaptive computation time for recurrent neural networks, 2016",
            Objective = static (objective, _) => new AuxiliaryTerms(objective, new KeyValuePair<string, float>(Halting.PonderTerm, PonderWeight)),
        },
    ];

    // The last exit counts most: it is what the others are compared with.
    private static readonly float[] ExitWeights = [0.3f, 0.3f, 0.3f, 1];

    // Where the answer is a number, losses are small.
    private static AuxiliaryTerms Updates(Objective objective, TrainingPlan plan) =>
        new(objective, new KeyValuePair<string, float>(SkipRnn.UpdatesTerm, objective is LevelRegression ? UpdatesWeightOfLevels : UpdatesWeight));

    private static ExitTransformerOptions Exits(Shape shape, int classes, TrainingPlan plan) => new ExitTransformerOptions { Width = Width, Hidden = Hidden, Dropout = Dropout }.For(shape, classes, plan);

    private static TokenDropTransformerOptions Drops(Shape shape, int classes, TrainingPlan plan) => new TokenDropTransformerOptions { Width = Width, Hidden = Hidden, Dropout = Dropout }.For(shape, classes, plan);

    private static AdaptiveRnnOptions Adaptive(Shape shape, int classes, TrainingPlan plan, AdaptiveMethod method) => new AdaptiveRnnOptions
    {
        Embedding = Width,
        Units = Units,
        Method = method,
    }.For(shape, classes, plan);

    private static EarlyStopOptions Stopping(Shape shape, int classes, TrainingPlan plan) => new EarlyStopOptions
    {
        Embedding = Width,
        Units = Units,
        BlockSteps = (shape[0] + 7) / 8,
    }.For(shape, classes, plan);

    private static SkipLstmOptions Recurrent(Shape shape, int classes, TrainingPlan plan, RecurrentMethod method) => new SkipLstmOptions
    {
        Embedding = Width,
        Units = Units,
        Method = method,

        // Where the answer is a number, what is dropped is an error of its own.
        Dropout = plan.AreLevels ? 0 : Dropout,
    }.For(shape, classes, plan);
}
