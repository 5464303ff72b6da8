using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.InstanceWise.DynamicWidth;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.InstanceWise.DynamicWidth;

/// <summary>What chooses channels for a whole network, against its formula, and the networks against their masked dense form.</summary>
public class ChannelNetworkTests
{
    private const int Samples = 6;
    private static readonly string[] Deciding = ["open.", "choose.", "encoder", "recurrence.", "decoder."];

    [Theory]
    [InlineData(ChannelMethod.Boosted)]
    [InlineData(ChannelMethod.Gated)]
    [InlineData(ChannelMethod.Pruned)]
    [InlineData(ChannelMethod.Gater)]
    [InlineData(ChannelMethod.Slimmable)]
    public void What_skips_gives_what_the_masked_dense_form_gives(ChannelMethod method)
    {
        Tensor input = Tensor.From(new Shape(Samples, 9, 8, 2), GradientCheck.Values(Samples * 9 * 8 * 2, 3));
        Layer dense = Make(method);
        Context masked = new();
        using Tape tape = new(masked.Workspace);
        masked.Tape = tape;
        double[] expected = Array.ConvertAll(dense.Forward(masked, input).ToArray(), value => (double)value);

        Layer skipping = Make(method);
        skipping.Freeze(Limits.Default);
        DecisionLedger ledger = new() { KeepsChoices = true };
        Context context = new() { Ledger = ledger, Meter = new ComputeMeter() };
        context.Meter.Begin(Samples);
        ledger.Begin();
        GradientCheck.Near(expected, skipping.Forward(context, input).ToArray(), 1e-4, method.ToString());

        // Otherwise there was nothing to tell apart.
        int least = int.MaxValue;
        int most = 0;
        bool leavesOut = false;
        foreach (DecisionChoice choice in ledger.Choices)
        {
            least = Math.Min(least, choice.Count);
            most = Math.Max(most, choice.Count);
            leavesOut |= choice.Count < choice.Universe;
        }

        Assert.True(leavesOut, "Everything was chosen.");
        Assert.True(method is ChannelMethod.Boosted or ChannelMethod.Slimmable || least < most, $"All choices are of {least} units.");
    }

    [Fact]
    public void An_agent_is_its_formula()
    {
        const int Hidden = 5;
        const int Actions = 3;
        PruningAgent agent = new([4, 6], Hidden, Actions);
        Fill(agent, 1f);
        Context context = new();
        Tensor state = default;
        Tensor first = Tensor.From(new Shape(2, 3, 2, 4), GradientCheck.Values(48, 1));
        Tensor second = Tensor.From(new Shape(2, 2, 2, 6), GradientCheck.Values(48, 2));
        Decision before = agent.Decide(context, 0, first, default, ref state);
        Decision after = agent.Decide(context, 1, second, default, ref state);
        for (int n = 0; n < 2; n++)
        {
            double[] hidden = NextState(agent, 0, Mean(first, n), new double[Hidden]);
            Check(agent, before, n, hidden);
            Check(agent, after, n, NextState(agent, 1, Mean(second, n), hidden));
        }

        Assert.Equal((4 + Hidden + Actions) * (long)Hidden, agent.CountMacs(0));
    }

    [Fact]
    public void A_gater_opens_what_is_likelier_open_and_asks_for_the_mean_of_its_gates()
    {
        FilterGater gater = new(2, 3, 4, 10, new SigmoidRelaxation(isHard: false));
        Fill(gater, 0.5f);
        Tensor images = Tensor.From(new Shape(4, 8, 8, 2), GradientCheck.Values(512, 5, 2f));
        DecisionLedger ledger = new();
        Context context = new() { Decisions = Engine.Execution.Decisions.Relaxed, Ledger = ledger };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor soft = gater.Decide(context, images).Scores;
        double sum = 0;
        foreach (float score in soft.Span)
        {
            sum += score;
        }

        Assert.Equal("gates", ledger.Terms[0].Name);
        Assert.Equal(sum / soft.Count, ledger.Terms[0].Value.Span[0], 1e-5);
        Selection open = gater.Decide(new Context(), images).Selected;
        Assert.InRange(open.Count, 1, soft.Count - 1);
        for (int i = 0; i < soft.Count; i++)
        {
            Assert.Equal(soft.Span[i] > 0.5f, open.Row(i / 10).Contains(i % 10));
        }
    }

    [Fact]
    public void Channel_gates_keep_their_gradients_when_decisions_are_hard()
    {
        ChannelGatedConvBlock gated = new(8, 8, 3, groupSize: 4);
        Fill(gated, 1f);
        Find(gated, "threshold").Value.Span.Clear();
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor output = gated.Forward(context, Tensor.From(new Shape(2, 6, 5, 8), GradientCheck.Values(480, 7)));
        float[] weights = new float[output.Count];
        Array.Fill(weights, 1f);
        tape.Backward(output, weights);
        bool reachesRest = false;
        Tensor gradient = Find(gated, "weight").Gradient;
        for (int i = 0; i < gradient.Count; i++)
        {
            reachesRest |= i / 9 % 8 >= 2 && gradient.Span[i] != 0;
        }

        Assert.True(reachesRest, "No gradient reached the weights of the channels that are added.");
    }

    private static Layer Make(ChannelMethod method)
    {
        ChannelNetOptions options = new()
        {
            Height = 9,
            Width = 8,
            InputChannels = 2,
            Classes = 4,
            Channels = [6, 8, 16, 16],
            Strides = [1, 2, 1, 1],
            GroupSize = 4,
            GateUnits = 6,
            Threshold = 0.2,
            Method = method,
        };
        Layer network = (Layer)ChannelNet.Create(options).Children[0].Value;
        Fill(network, 0.7f);
        return network;
    }

    // What decides starts from zeros or open; it is to decide by the sample.
    private static void Fill(Module module, float deciding)
    {
        module.Initialize(new RandomSource(8));
        int seed = 1;
        foreach ((string path, Parameter parameter) in module.NamedParameters())
        {
            if (Array.Exists(Deciding, part => path.Contains(part, StringComparison.Ordinal)))
            {
                GradientCheck.Values(parameter.Shape.Count, seed++, deciding * (path.EndsWith("bias", StringComparison.Ordinal) ? 0.1f : 6f)).CopyTo(parameter.Value.Span);
            }
        }

        module.AssignNumbers();
    }

    private static double[] NextState(PruningAgent agent, int layer, double[] means, double[] state)
    {
        ReadOnlySpan<float> encoder = Find(agent, $"encoder{layer}.weight").Value.Span;
        ReadOnlySpan<float> recurrence = Find(agent, "recurrence.weight").Value.Span;
        double[] next = new double[state.Length];
        for (int i = 0; i < next.Length; i++)
        {
            double sum = Find(agent, "recurrence.bias").Value.Span[i];
            for (int c = 0; c < means.Length; c++)
            {
                sum += encoder[(i * means.Length) + c] * means[c];
            }

            for (int j = 0; j < state.Length; j++)
            {
                sum += recurrence[(i * state.Length) + j] * state[j];
            }

            next[i] = Math.Tanh(sum);
        }

        return next;
    }

    private static void Check(PruningAgent agent, Decision decision, int sample, double[] hidden)
    {
        ReadOnlySpan<float> decoder = Find(agent, "decoder.weight").Value.Span;
        int actions = decision.Scores.Shape[1];
        double[] shares = new double[actions];
        double total = 0;
        for (int a = 0; a < actions; a++)
        {
            double logit = Find(agent, "decoder.bias").Value.Span[a];
            for (int i = 0; i < hidden.Length; i++)
            {
                logit += decoder[(a * hidden.Length) + i] * hidden[i];
            }

            shares[a] = Math.Exp(logit);
            total += shares[a];
        }

        int best = 0;
        for (int a = 0; a < actions; a++)
        {
            best = shares[a] > shares[best] ? a : best;
            Assert.Equal(shares[a] / total, decision.Scores.Span[(sample * actions) + a], 1e-5);
        }

        Assert.Equal([best], decision.Selected.Row(sample).ToArray());
    }

    private static double[] Mean(Tensor maps, int sample)
    {
        int channels = maps.Shape[3];
        int pixels = maps.Shape[1] * maps.Shape[2];
        double[] means = new double[channels];
        for (int i = 0; i < pixels * channels; i++)
        {
            means[i % channels] += maps.Span[(sample * pixels * channels) + i] / (double)pixels;
        }

        return means;
    }

    private static Parameter Find(Module module, string path) => module.NamedParameters().Find(pair => pair.Key == path).Value;
}
