using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.TemporalWise.Text;
using Xunit;

namespace ManagedDyn.Tests.Layers.TemporalWise;

public class TokenDroppingTests
{
    [Fact]
    public void The_best_share_stays_and_the_first_token_always()
    {
        Context context = new();
        Tensor received = context.Workspace.RentCopy(new Shape(2, 5), [0, 3, 1, 3, 2, 0.1f, 9, 9, 9, 9]);
        Tensor present = context.Workspace.RentCopy(new Shape(2, 5), [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
        Tensor kept = TokenDropping.Best(0.5f).Choose(context, received, present);
        Assert.Equal([1f, 1f, 0f, 1f, 0f, 1f, 0f, 0f, 0f, 0f], kept.ToArray());
    }

    [Fact]
    public void A_learned_threshold_keeps_what_is_above_and_gets_a_gradient()
    {
        Context context = new();
        TokenDropping rule = TokenDropping.Learned(1, 0.5f);
        rule.Initialize(new RandomSource(1));
        Tensor received = context.Workspace.RentCopy(new Shape(1, 4), [0, 3, 0.5f, 2]);
        Tensor present = context.Workspace.RentCopy(new Shape(1, 4), [1, 1, 1, 0]);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tape.Watch(received);
        Tensor kept = rule.Choose(context, received, present);
        Assert.Equal([1f, 1f, 0f, 0f], kept.ToArray());
        tape.Backward(kept, [1, 1, 1, 1]);
        float[] expected = [0, Slope(3), Slope(0.5), 0];
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(expected[i], Tape.GradientOf(received).Span[i], 1e-5);
        }

        Assert.Equal(-expected[1] - expected[2], rule.Parameters[0].Gradient.Span[0], 1e-5);

        static float Slope(double score)
        {
            double s = 1 / (1 + Math.Exp(-(score - 1) / 0.5));
            return (float)(s * (1 - s) / 0.5);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_trains_answers_as_what_drops_tokens(bool isLearned)
    {
        const int Length = 11;
        StagedNetwork network = TokenDropTransformer.Create(new TokenDropTransformerOptions
        {
            Vocabulary = 23,
            Length = Length,
            Classes = 3,
            Width = 12,
            Heads = 3,
            Hidden = 16,
            Layers = 3,
            Keep = 0.5f,
            IsLearned = isLearned,
            Threshold = 0.97f,
        });
        network.Initialize(new RandomSource(5));
        float[] tokens = Tokens(4, Length);
        Context plain = new() { Ledger = new DecisionLedger() };
        float[] hard = Run(plain, network, tokens, 4, Length);
        int kept = 0;
        foreach (DecisionRecord record in plain.Ledger.Records)
        {
            Assert.Equal(DecisionKind.Tokens, record.Kind);
            Assert.Equal(0, record.Selected.Row(0)[0]);
            kept += record.Selected.Count;
        }

        Assert.InRange(kept, 8, 2 * 4 * Length);
        Context recording = new() { Decisions = Engine.Execution.Decisions.Relaxed, Ledger = new DecisionLedger() };
        using Tape tape = new(recording.Workspace);
        recording.Tape = tape;
        float[] relaxed = Run(recording, network, tokens, 4, Length);
        for (int i = 0; i < hard.Length; i++)
        {
            Assert.Equal(hard[i], relaxed[i], 1e-4);
        }

        Assert.Equal(2, recording.Ledger.Terms.Length);
    }

    [Fact]
    public void Fewer_tokens_cost_less_and_exactly_what_is_left()
    {
        const int Length = 12;
        List<long> costs = [];
        foreach (float keep in new[] { 1f, 0.75f, 0.5f, 0.25f })
        {
            StagedNetwork network = TokenDropTransformer.Create(new TokenDropTransformerOptions { Vocabulary = 23, Length = Length, Classes = 3, Width = 12, Heads = 3, Hidden = 16, Layers = 3, Keep = keep });
            network.Initialize(new RandomSource(5));
            ComputeMeter meter = new();
            meter.Begin(1);
            Context context = new() { Meter = meter };
            _ = Run(context, network, [1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 0], 1, Length);
            costs.Add(meter.ExecutedMacs(0));
            int left = 8;
            long expected = 12 * 3;
            for (int layer = 0; layer < 3; layer++)
            {
                expected += (left * ((4L * 12 * 12) + (2 * 12 * 16))) + (2L * left * left * 12);
                left = Math.Max(1, (int)MathF.Ceiling(keep * left));
            }

            Assert.Equal(expected, meter.ExecutedMacs(0));
            Assert.Equal(network.StageMacs(0), meter.DenseMacs(0));
        }

        Assert.True(costs[0] > costs[1] && costs[1] > costs[2] && costs[2] > costs[3]);
    }

    private static float[] Run(Context context, StagedNetwork network, float[] tokens, int samples, int length)
    {
        StageState state = network.CreateState();
        network.Start(context, context.Workspace.RentCopy(new Shape(samples, length), tokens), state);
        return network.Advance(context, state).ToArray();
    }

    private static float[] Tokens(int samples, int length)
    {
        float[] tokens = new float[samples * length];
        RandomStream stream = new RandomSource(2).Stream("tokens");
        for (int i = 0; i < tokens.Length; i++)
        {
            tokens[i] = i % length < length - (2 * (i / length)) ? 2 + stream.Integer(20, 0, i, 0) : 0;
        }

        return tokens;
    }
}
