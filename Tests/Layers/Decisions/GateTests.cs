using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Decisions.Gates;
using ManagedDyn.Layers.Decisions.Policies;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.Decisions;

/// <summary>Gates and policies by themselves: gradients of their scores, that they start open, that they can be put in each other's place.</summary>
public class GateTests
{
    private const int Samples = 3;
    private const int Channels = 5;
    private const int Layers = 2;
    private static readonly Shape Batch = new(Samples, 6, 4, Channels);
    private static readonly BinaryRelaxation Soft = new SigmoidRelaxation(isHard: false);

    public static TheoryData<string> Names() => ["pooled", "feed-forward 1", "feed-forward 2", "recurrent", "network"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Scores_have_the_gradient_of_their_formula(string name)
    {
        LayerPolicy policy = Make(name, 0.3f, Soft);
        GradientCheck check = new() { Tolerance = 0.02, Step = 2e-3 };
        check.Run(
            (context, inputs) =>
            {
                context.Decisions = ManagedDyn.Engine.Execution.Decisions.Relaxed;
                return Scores(context, policy, inputs[0]);
            },
            null,
            2,
            [Batch],
            GradientCheck.Values(Batch.Count, 6, 2));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gates_start_open_and_weights_are_those_of_the_relaxation(string name)
    {
        LayerPolicy policy = Make(name, 2, new GumbelSigmoidRelaxation());
        Context context = new();
        Tensor input = Tensor.From(Batch, GradientCheck.Values(Batch.Count, 1));
        foreach (float score in Scores(context, policy, input).Span)
        {
            Assert.InRange(score, 0.7f, 0.98f);
        }

        LayerPolicyState state = default;
        policy.Begin(context, input, ref state);
        Decision decision = policy.Decide(context, 0, input, ref state);
        Assert.Equal(Samples, decision.Selected.Count);

        context.Decisions = ManagedDyn.Engine.Execution.Decisions.Relaxed;
        context.Progress = 0.5;
        context.Step = 9;
        float[] once = Scores(context, policy, input).ToArray();
        Assert.All(once, score => Assert.True(score is 0 or 1));
        Assert.Equal(once, Scores(context, policy, input).ToArray());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_a_policy_costs_is_what_it_says(string name)
    {
        LayerPolicy policy = Make(name, 0, Soft);
        Context context = new() { Meter = new ComputeMeter() };
        context.Meter.Begin(Samples);
        Scores(context, policy, Tensor.From(Batch, GradientCheck.Values(Batch.Count, 1)));
        Shape one = Batch.With(0, 1);
        Assert.Equal(policy.CountBeginMacs(one) + policy.CountMacs(0, one) + policy.CountMacs(1, one), context.Meter.ExecutedMacs(1));
    }

    [Fact]
    public void A_curriculum_opens_the_last_layers_first()
    {
        PolicyNetwork policy = new(4, Channels, [4], 0, opened: new Annealing(0, 1, 0.8f));
        policy.Initialize(new RandomSource(3));
        policy.AssignNumbers();
        Context context = new() { Decisions = ManagedDyn.Engine.Execution.Decisions.Relaxed };
        Tensor input = Tensor.From(Batch, GradientCheck.Values(Batch.Count, 1));
        foreach ((double progress, int opened) in new[] { (0.0, 0), (0.1, 1), (0.4, 2), (0.79, 4), (1.0, 4) })
        {
            context.Progress = progress;
            LayerPolicyState state = default;
            policy.Begin(context, input, ref state);
            for (int layer = 0; layer < 4; layer++)
            {
                Decision decision = policy.Decide(context, layer, input, ref state);
                Assert.Equal(layer >= 4 - opened, decision.LogProbabilities.Exists);
                Assert.True(decision.LogProbabilities.Exists || decision.Scores.Span.IndexOfAnyExcept(1f) < 0);
            }
        }
    }

    [Fact]
    public void What_a_recurrent_gate_remembers_stays_with_its_sample()
    {
        LayerPolicy policy = Make("recurrent", 0, Soft);
        float[] values = GradientCheck.Values(Batch.Count, 1, 2);
        Context context = new();
        float[] together = Scores(context, policy, Tensor.From(Batch, values)).ToArray();
        int length = Batch.ProductFrom(1);
        for (int n = 0; n < Samples; n++)
        {
            float[] alone = Scores(context, policy, Tensor.From(Batch.With(0, 1), values.AsSpan(n * length, length))).ToArray();
            for (int layer = 0; layer < Layers; layer++)
            {
                Assert.Equal(together[(layer * Samples) + n], alone[layer]);
            }
        }

        // The second layer's score depends on what the first one saw.
        LayerPolicyState fresh = default;
        Tensor input = Tensor.From(Batch, values);
        policy.Begin(context, input, ref fresh);
        Assert.NotEqual(together[Samples..], policy.Decide(context, 1, input, ref fresh).Scores.ToArray());
    }

    [Fact]
    public void A_gate_by_confidence_runs_who_is_not_sure()
    {
        Linear classifier = new(2, 2);
        new float[] { 1, 0, 0, 1 }.CopyTo(classifier.Weight.Value.Span);
        ConfidenceGate gate = new(classifier, new MaxProbability(), 0.9f);
        Context context = new();
        Tensor features = Tensor.From(new Shape(3, 2), [5f, 0f, 1f, 0.5f, 0f, 3f]);
        Decision decision = gate.Decide(context, features);
        Assert.Equal([1], decision.Selected.Indices.ToArray());
        Assert.Equal([0f, 1f, 0f], decision.Scores.ToArray());
        Assert.Equal(4, gate.CountMacs(new Shape(1, 2)));
    }

    private static LayerPolicy Make(string name, float openness, BinaryRelaxation relaxation)
    {
        LayerPolicy policy = name switch
        {
            "pooled" => new SeparateGates(new PooledGate(Channels, 8, openness, relaxation), new PooledGate(Channels, 8, openness, relaxation)),
            "feed-forward 1" => new SeparateGates(new FeedForwardGate(Channels, 1, 0, openness, relaxation), new FeedForwardGate(Channels, 1, 4, openness, relaxation)),
            "feed-forward 2" => new SeparateGates(new FeedForwardGate(Channels, 2, 0, openness, relaxation), new FeedForwardGate(Channels, 2, 4, openness, relaxation)),
            "recurrent" => new RecurrentGate([Channels, Channels], 10, openness, relaxation),
            _ => new PolicyNetwork(Layers, Channels, [4, 6], openness, relaxation),
        };
        policy.Initialize(new RandomSource(7));
        policy.AssignNumbers();
        return policy;
    }

    private static Tensor Scores(Context context, LayerPolicy policy, Tensor input)
    {
        LayerPolicyState state = default;
        policy.Begin(context, input, ref state);
        Tensor first = policy.Decide(context, 0, input, ref state).Scores;
        Tensor second = policy.Decide(context, 1, input, ref state).Scores;
        return context.Concat(0, first, second);
    }
}
