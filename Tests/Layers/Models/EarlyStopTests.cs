using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Inference.Calibration;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.Models;

/// <summary>Classifiers that stop reading when they are sure.</summary>
public class EarlyStopTests
{
    private const int Length = 11;
    private const int Features = 3;

    public static TheoryData<EarlyStopTrunk, EarlyStopRule> Kinds() => new()
    {
        { EarlyStopTrunk.Lstm, EarlyStopRule.Confidence },
        { EarlyStopTrunk.Gru, EarlyStopRule.Learned },
        { EarlyStopTrunk.Convolution, EarlyStopRule.Policy },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Blocks_of_any_size_give_the_bits_of_the_whole_sequence(EarlyStopTrunk trunk, EarlyStopRule rule)
    {
        float[] input = GradientCheck.Values(Length * Features, 3);
        float[] whole = Answer(Make(trunk, EarlyStopRule.Confidence, Length), input);
        foreach (int block in new[] { 1, 3, 4, 10 })
        {
            GradientCheck.SameBits(whole, Answer(Make(trunk, rule, block), input), $"blocks of {block}");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_short_sequence_has_the_answer_that_it_has_without_padding(EarlyStopTrunk trunk, EarlyStopRule rule)
    {
        Model model = Make(trunk, rule, 2);
        float[] input = new float[2 * Length * Features];
        GradientCheck.Values(Length * Features, 3).CopyTo(input, 0);
        GradientCheck.Values(5 * Features, 4).CopyTo(input, Length * Features);
        Prediction[] predictions = new Prediction[2];
        float[] scores = new float[2 * model.ClassCount];
        new Session(model).PredictBatch(input, 2, Budget.Full, predictions, scores);
        StagedNetwork five = Network(trunk, EarlyStopRule.Confidence, 5, length: 5);
        Copy(model.Network, five);
        float[] alone = Answer(new Model(five), input.AsSpan(Length * Features, 5 * Features));
        GradientCheck.SameBits(alone, scores.AsSpan(model.ClassCount), "the short one");

        // Behind the end nothing is read.
        Assert.True(predictions[1].MacsExecuted < predictions[0].MacsExecuted);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_stream_is_sure_only_where_a_block_ends(EarlyStopTrunk trunk, EarlyStopRule rule)
    {
        StagedNetwork network = Network(trunk, rule, 4);
        Model model = new(network, new ModelDescription { Criterion = rule == EarlyStopRule.Confidence ? new MaxProbability() : new LearnedExit() });
        float[] input = GradientCheck.Values(Length * Features, 3);
        Session session = new(model, new SessionOptions { KeepTrace = true });
        _ = session.Predict(input, [], Budget.Full);
        StreamSession stream = new(model, Budget.Confidence(0));
        for (int step = 0; step < Length; step++)
        {
            StreamAnswer answer = stream.Push(input.AsSpan(step * Features, Features));
            bool isEnd = (step + 1) % 4 == 0 || step == Length - 1;
            Assert.Equal(isEnd, answer.IsSure);
            if (isEnd)
            {
                Assert.Equal(session.Trace!.Confidences(0)[step / 4], answer.Confidence);
            }
        }
    }

    [Fact]
    public void Steps_that_were_read_are_told()
    {
        Model model = Make(EarlyStopTrunk.Lstm, EarlyStopRule.Confidence, 3);
        Session session = new(model, new SessionOptions { KeepDecisions = true });
        Prediction answer = session.Predict(GradientCheck.Values(Length * Features, 3), [], Budget.Thresholds(ExitThresholds.AlwaysAt(4, 1)));
        Assert.Equal(1, answer.ExitIndex);
        int next = 0;
        foreach (DecisionChoice choice in session.Decisions!.Choices)
        {
            Assert.Equal(DecisionKind.Steps, choice.Kind);
            Assert.Equal(Length, choice.Universe);
            foreach (int step in session.Decisions.UnitsOf(choice))
            {
                Assert.Equal(next++, step);
            }
        }

        Assert.Equal(6, next);
    }

    [Fact]
    public void Gates_decide_who_leaves_and_calibration_sees_what_a_session_sees()
    {
        StagedNetwork network = Network(EarlyStopTrunk.Gru, EarlyStopRule.Learned, 2);
        Model model = new(network, new ModelDescription { Criterion = new LearnedExit() });
        const int Count = 20;
        float[] inputs = GradientCheck.Values(Count * Length * Features, 8);
        int[] labels = new int[Count];
        ExitScores scores = new(ExitLogits.Collect(model, inputs, labels), model);
        Session session = new(model, new SessionOptions { KeepTrace = true });
        Prediction[] predictions = new Prediction[Count];
        session.PredictBatch(inputs, Count, Budget.Full, predictions);
        float least = 1;
        float most = 0;
        for (int n = 0; n < Count; n++)
        {
            for (int exit = 0; exit < model.ExitCount - 1; exit++)
            {
                float confidence = scores.Confidences(exit)[n];
                Assert.Equal(confidence, session.Trace!.Confidences(n)[exit]);
                least = MathF.Min(least, confidence);
                most = MathF.Max(most, confidence);
            }
        }

        Assert.InRange(least, 1e-3f, most - 1e-3f);
        float threshold = (least + most) / 2;
        session.PredictBatch(inputs, Count, Budget.Confidence(threshold), predictions);
        bool isAnyEarly = false;
        for (int n = 0; n < Count; n++)
        {
            int exit = 0;
            while (exit < model.ExitCount - 1 && scores.Confidences(exit)[n] < threshold)
            {
                exit++;
            }

            Assert.Equal(exit, predictions[n].ExitIndex);
            isAnyEarly |= exit < model.ExitCount - 1;
        }

        Assert.True(isAnyEarly);
    }

    [Fact]
    public void A_network_without_gates_is_not_asked_for_what_they_say()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new Model(Network(EarlyStopTrunk.Gru, EarlyStopRule.Confidence, 2), new ModelDescription { Criterion = new LearnedExit() }));
        Assert.Contains("learned", error.Message, StringComparison.Ordinal);
    }

    private static float[] Answer(Model model, ReadOnlySpan<float> input)
    {
        float[] scores = new float[model.ClassCount];
        new Session(model).Predict(input, scores, Budget.Full);
        return scores;
    }

    private static Model Make(EarlyStopTrunk trunk, EarlyStopRule rule, int block) => new(Network(trunk, rule, block));

    private static StagedNetwork Network(EarlyStopTrunk trunk, EarlyStopRule rule, int block, int length = Length)
    {
        StagedNetwork network = EarlyStopNet.Create(new EarlyStopOptions
        {
            Vocabulary = 0,
            Features = Features,
            Length = length,
            Classes = 4,
            Units = 8,
            Layers = 2,
            BlockSteps = block,
            Trunk = trunk,
            Rule = rule,
        });
        network.Initialize(new RandomSource(2));
        Copy(network, network);
        return network;
    }

    // What the networks have in common, the same in all, whatever the numbers of their modules.
    private static void Copy(StagedNetwork from, StagedNetwork to)
    {
        foreach ((string name, Parameter parameter) in to.NamedParameters())
        {
            if (!name.StartsWith("gate", StringComparison.Ordinal))
            {
                Parameter source = from.NamedParameters().Find(pair => pair.Key == name).Value;
                if (ReferenceEquals(from, to))
                {
                    GradientCheck.Values(source.Value.Count, name.Length, 0.4f).CopyTo(source.Value.Span);
                }
                else
                {
                    source.Value.Span.CopyTo(parameter.Value.Span);
                }
            }
        }
    }
}
