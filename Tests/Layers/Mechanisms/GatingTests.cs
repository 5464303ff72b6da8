using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.Mechanisms;

/// <summary>The laws of dynamic layers for the gate, over random subsets of samples.</summary>
public class GatingTests
{
    private const int Samples = 9;
    private const int Channels = 12;
    private static readonly Shape Batch = new(Samples, 6, 5, Channels);

    public static TheoryData<int> Seeds() => [0, 1, 2, 3, 4, 5, 6, 7];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Selected_samples_equal_the_dense_ones_and_the_others_pass(int seed)
    {
        Layer branch = Branch();
        Tensor input = Input(seed);
        int[] chosen = Chosen(seed);
        Context context = new();
        Tensor dense = branch.Forward(context, input);
        Tensor output = context.Gate(Hard(context, chosen), input, branch);
        for (int n = 0; n < Samples; n++)
        {
            Tensor expected = Array.IndexOf(chosen, n) >= 0 ? dense : input;
            Assert.True(expected.Rows(n, 1).Span.SequenceEqual(output.Rows(n, 1).Span), $"Seed {seed}, sample {n}.");
        }
    }

    [Fact]
    public void Everything_selected_is_the_branch_and_nothing_is_the_input()
    {
        Layer branch = Branch();
        Tensor input = Input(1);
        Context context = new();
        float[] dense = branch.Forward(context, input).ToArray();
        Assert.Equal(dense, context.Gate(new Decision(Selection.All(1, Samples), default), input, branch).ToArray());
        Assert.Equal(dense, context.Gate(Hard(context, [0, 1, 2, 3, 4, 5, 6, 7, 8]), input, branch).ToArray());
        Assert.Equal(input.ToArray(), context.Gate(Hard(context, []), input, branch).ToArray());
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_batch_equals_its_samples_alone_for_any_number_of_threads(int seed)
    {
        Layer branch = Branch();
        Tensor input = Input(seed);
        int[] chosen = Chosen(seed);
        for (int threads = 1; threads <= 3; threads++)
        {
            using Workers workers = new(threads);
            Context context = new(workers);
            Tensor together = context.Gate(Hard(context, chosen), input, branch);
            for (int n = 0; n < Samples; n++)
            {
                int[] own = Array.IndexOf(chosen, n) >= 0 ? [0] : [];
                Decision decision = new(context.Workspace.Select(1, own), default);
                Tensor alone = context.Gate(decision, input.Rows(n, 1), branch);
                Assert.True(alone.Span.SequenceEqual(together.Rows(n, 1).Span), $"Seed {seed}, {threads} threads, sample {n}.");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Cost_is_that_of_the_selected_samples_and_the_dense_cost_counts_all(int seed)
    {
        Layer branch = Branch();
        int[] chosen = Chosen(seed);
        long macs = branch.CountMacs(Batch.With(0, 1));
        Context context = new() { Meter = new ComputeMeter() };
        context.Meter.Begin(Samples);
        context.Gate(Hard(context, chosen), Input(seed), branch);
        for (int n = 0; n < Samples; n++)
        {
            Assert.Equal(Array.IndexOf(chosen, n) >= 0 ? macs : 0, context.Meter.ExecutedMacs(n));
            Assert.Equal(macs, context.Meter.DenseMacs(n));
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Relaxed_with_hard_scores_equals_the_hard_form(int seed)
    {
        Layer branch = Branch();
        Tensor input = Input(seed);
        int[] chosen = Chosen(seed);
        Context context = new();
        float[] expected = context.Gate(Hard(context, chosen), input, branch).ToArray();
        Tensor scores = Tensor.Zeros(new Shape(Samples));
        foreach (int n in chosen)
        {
            scores.Span[n] = 1;
        }

        context.Decisions = ManagedDyn.Engine.Execution.Decisions.Relaxed;
        Assert.Equal(expected, context.Gate(new Decision(default, scores), input, branch).ToArray());
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Training_takes_statistics_over_the_samples_that_run(int seed)
    {
        int[] chosen = Chosen(seed);
        if (chosen.Length == 0)
        {
            return;
        }

        Tensor input = Input(seed);
        Tensor scores = Tensor.Zeros(new Shape(Samples));
        Tensor part = Tensor.Zeros(new Shape(chosen.Length, Batch[1], Batch[2], Channels));
        for (int i = 0; i < chosen.Length; i++)
        {
            scores.Span[chosen[i]] = 1;
            input.Rows(chosen[i], 1).Span.CopyTo(part.Rows(i, 1).Span);
        }

        Layer gated = Branch();
        Layer alone = Branch();
        Context context = new() { Mode = Mode.Train, Decisions = ManagedDyn.Engine.Execution.Decisions.Relaxed };
        float[] output = context.Gate(new Decision(default, scores), input, gated).ToArray();
        float[] expected = alone.Forward(context, part).ToArray();
        int length = Batch.ProductFrom(1);
        for (int i = 0; i < chosen.Length; i++)
        {
            for (int j = 0; j < length; j++)
            {
                Assert.Equal(expected[(i * length) + j], output[(chosen[i] * length) + j], 1e-4);
            }
        }

        Assert.False(context.ActiveSamples.Exists);
        foreach ((string name, Parameter parameter) in alone.NamedParameters())
        {
            foreach ((string other, Parameter moved) in gated.NamedParameters())
            {
                if (name == other)
                {
                    Assert.Equal(parameter.Value.ToArray(), moved.Value.ToArray());
                }
            }
        }
    }

    [Fact]
    public void Active_samples_stay_the_same_when_the_branch_regroups_its_rows()
    {
        Tensor input = Input(2);
        Tensor scores = Tensor.From(new Shape(Samples), [1, 0, 1, 1, 0, 1, 1, 0, 1]);
        Layer gated = Branch();
        Context context = new() { Mode = Mode.Train, Decisions = ManagedDyn.Engine.Execution.Decisions.Relaxed };
        context.Gate(new Decision(default, scores), input, new RegroupingLayer(gated, [1, 3, 4, 8]));
        Layer alone = Branch();
        Tensor part = Tensor.Zeros(new Shape(2, Batch[1], Batch[2], Channels));
        input.Rows(3, 1).Span.CopyTo(part.Rows(0, 1).Span);
        input.Rows(8, 1).Span.CopyTo(part.Rows(1, 1).Span);
        alone.Forward(context, part);
        foreach ((string name, Parameter parameter) in alone.NamedParameters())
        {
            foreach ((string other, Parameter moved) in gated.NamedParameters())
            {
                if (name == other)
                {
                    Assert.Equal(parameter.Value.ToArray(), moved.Value.ToArray());
                }
            }
        }
    }

    [Fact]
    public void Gradients_reach_scores_input_and_branch_while_relaxed()
    {
        Conv2d branch = new(Channels, Channels, 3);
        Fill(branch);
        Tensor input = Input(3);
        Tensor scores = Tensor.From(new Shape(Samples), [0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f]);
        Tape.Watch(input);
        Tape.Watch(scores);
        Context context = new() { Decisions = ManagedDyn.Engine.Execution.Decisions.Relaxed };
        float[] weights = Input(4).ToArray();
        Tensor dense = branch.Forward(context, input);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor output = context.Gate(new Decision(default, scores), input, branch);
        tape.Backward(output, weights);
        int length = Batch.ProductFrom(1);
        for (int n = 0; n < Samples; n++)
        {
            double expected = 0;
            for (int i = n * length; i < (n + 1) * length; i++)
            {
                expected += weights[i] * ((double)dense.Span[i] - input.Span[i]);
            }

            Assert.Equal(expected, Tape.GradientOf(scores).Span[n], 1e-4 * (1 + Math.Abs(expected)));
        }

        Assert.Contains(branch.Weight.Gradient.ToArray(), value => value != 0);
        Assert.Contains(Tape.GradientOf(input).ToArray(), value => value != 0);
    }

    [Fact]
    public void Gradients_flow_through_the_selected_samples_and_past_the_branch_when_hard()
    {
        Conv2d branch = new(Channels, Channels, 3);
        Fill(branch);
        Tensor input = Input(5);
        Tape.Watch(input);
        Context context = new();
        float[] weights = Input(6).ToArray();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        tape.Backward(context.Gate(Hard(context, [2, 7]), input, branch), weights);
        Tensor gradient = Tape.GradientOf(input);
        int length = Batch.ProductFrom(1);
        Assert.True(gradient.Rows(0, 2).Span.SequenceEqual(weights.AsSpan(0, 2 * length)));
        Assert.False(gradient.Rows(2, 1).Span.SequenceEqual(weights.AsSpan(2 * length, length)));
        Assert.Contains(branch.Weight.Gradient.ToArray(), value => value != 0);
    }

    [Fact]
    public void Gates_within_gates_keep_each_sample_its_own()
    {
        Layer branch = Branch();
        long macs = branch.CountMacs(Batch.With(0, 1));
        Context context = new() { Meter = new ComputeMeter() };
        context.Meter.Begin(Samples);
        SpyLayer spy = new(branch, [1, 2]);
        context.Gate(Hard(context, [0, 4, 8]), Input(7), spy);
        Assert.Equal([4, 8], spy.Seen);
        for (int n = 0; n < Samples; n++)
        {
            Assert.Equal(n is 4 or 8 ? macs : 0, context.Meter.ExecutedMacs(n));
            Assert.Equal(macs, context.Meter.DenseMacs(n));
        }

        Assert.False(context.Samples.Exists);
    }

    [Fact]
    public void A_warm_gate_allocates_nothing()
    {
        Layer branch = Branch();
        branch.Freeze(Limits.Default);
        Tensor input = Input(2);
        Context context = new() { Meter = new ComputeMeter() };
        int[] chosen = [1, 2, 6];
        AllocationAssert.None(() =>
        {
            using WorkspaceScope scope = context.Workspace.Enter();
            context.Meter.Begin(Samples);
            context.Gate(Hard(context, chosen), input, branch);
        });
    }

    [Fact]
    public void Decisions_that_do_not_fit_are_refused()
    {
        Layer branch = Branch();
        Context context = new();
        Tensor input = Input(1);
        Assert.Throws<ArgumentException>(() => context.Gate(new Decision(context.Workspace.Select(4, [1]), default), input, branch));
        Assert.Throws<ArgumentException>(() => context.Gate(Hard(context, [1]), input, new Conv2d(Channels, 3, 1)));
        context.Decisions = ManagedDyn.Engine.Execution.Decisions.Relaxed;
        Assert.Throws<ArgumentException>(() => context.Gate(Hard(context, [1]), input, branch));
    }

    private static ConvBlock Branch()
    {
        ConvBlock block = new(Channels, Channels, 3);
        Fill(block);
        return block;
    }

    private static void Fill(Module module)
    {
        module.Initialize(new RandomSource(9));
        module.AssignNumbers();
    }

    private static Tensor Input(int seed)
    {
        Tensor input = Tensor.Zeros(Batch);
        new RandomSource((ulong)seed).Stream("input").FillNormal(input.Span, 0, 0);
        return input;
    }

    private static int[] Chosen(int seed)
    {
        List<int> chosen = [];
        RandomStream random = new RandomSource((ulong)seed).Stream("chosen");
        for (int n = 0; n < Samples; n++)
        {
            if (random.Uniform(0, n, 0) < 0.5f)
            {
                chosen.Add(n);
            }
        }

        return [.. chosen];
    }

    private static Decision Hard(Context context, int[] chosen) => new(context.Workspace.Select(Samples, chosen), default);

    /// <summary>Gates its own branch by rows of the batch it is given, and notes which samples those are.</summary>
    // Some rows, gathered as dispatch does, through the inner layer; its answer is the input's.
    private sealed class RegroupingLayer(Layer inner, int[] rows) : Layer
    {
        public override Shape OutputShape(Shape input) => input;

        public override long CountMacs(Shape input) => inner.CountMacs(input);

        protected override Tensor Run(Context context, Tensor input)
        {
            Selection outer = context.Samples;
            Selection chosen = context.Workspace.Select(input.Shape[0], rows);
            Tensor part = context.GatherSamples(input, chosen);
            context.Samples = context.Workspace.Nest(outer, chosen);
            inner.Forward(context, part);
            context.Samples = outer;
            return input;
        }
    }

    private sealed class SpyLayer(Layer branch, int[] rows) : Layer
    {
        public int[] Seen { get; private set; } = [];

        public override Shape OutputShape(Shape input) => input;

        public override long CountMacs(Shape input) => branch.CountMacs(input);

        protected override Tensor Run(Context context, Tensor input)
        {
            Seen = Array.ConvertAll(rows, context.SampleOf);
            return context.Gate(new Decision(context.Workspace.Select(input.Shape[0], rows), default), input, branch);
        }
    }
}
