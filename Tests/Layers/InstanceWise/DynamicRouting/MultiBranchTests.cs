using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicRouting;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.InstanceWise.DynamicRouting;

public sealed class MultiBranchTests
{
    private const int Samples = 9;
    private const int Channels = 4;
    private static readonly Shape Batch = new(Samples, 3, 5, Channels);

    [Fact]
    public void All_branches_are_the_soft_mixture()
    {
        MultiBranch all = Make(3, 3, out _);
        Context context = new();
        float[] hard = all.Forward(context, Input(1)).ToArray();
        context.Decisions = Engine.Execution.Decisions.Relaxed;
        float[] soft = all.Forward(context, Input(1)).ToArray();
        GradientCheck.Near(Array.ConvertAll(hard, value => (double)value), soft, 1e-5, "all of three branches");
    }

    [Fact]
    public void One_branch_is_that_branch()
    {
        MultiBranch one = Make(1, 1, out Layer[] branches);
        Context context = new();
        float[] expected = branches[0].Forward(context, Input(2)).ToArray();
        foreach (Engine.Execution.Decisions decisions in new[] { Engine.Execution.Decisions.Hard, Engine.Execution.Decisions.Relaxed })
        {
            context.Decisions = decisions;
            Assert.Equal(expected, one.Forward(context, Input(2)).ToArray());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Only_chosen_branches_run_and_are_weighed_by_their_share(int active)
    {
        MultiBranch layer = Make(3, active, out Layer[] branches);
        ComputeMeter meter = new();
        meter.Begin(Samples);
        DecisionLedger ledger = new();
        Context context = new() { Meter = meter, Ledger = ledger };
        ledger.Begin();
        Tensor input = Input(3);

        // A tape that records nothing keeps what the record holds alive.
        using Tape tape = new(context.Workspace);
        float[] output = layer.Forward(context, input).ToArray();
        context.Meter = null;
        Tensor scores = ledger.Records[0].Scores;
        double[] expected = new double[output.Length];
        for (int i = 0; i < branches.Length; i++)
        {
            float[] values = branches[i].Forward(context, input).ToArray();
            for (int j = 0; j < values.Length; j++)
            {
                expected[j] += values[j] * (double)scores.Span[(j / (values.Length / Samples) * branches.Length) + i];
            }
        }

        GradientCheck.Near(expected, output, 1e-5, "the chosen branches");
        long gate = layer.CountMacs(Batch.With(0, 1));
        long branch = branches[0].CountMacs(Batch.With(0, 1));
        for (int sample = 0; sample < Samples; sample++)
        {
            ReadOnlySpan<int> chosen = ledger.Records[0].Selected.Row(sample);
            Assert.Equal(active, chosen.Length);
            Assert.Equal(gate - ((3 - active) * branch), meter.ExecutedMacs(sample));
            Assert.Equal(gate, meter.DenseMacs(sample));
            float sum = 0;
            foreach (int unit in chosen)
            {
                sum += scores.Span[(sample * 3) + unit];
            }

            Assert.Equal(1, sum, 1e-5f);
        }
    }

    [Fact]
    public void Training_is_soft_first_and_then_runs_chosen_branches_with_a_gradient_to_the_gate()
    {
        MultiBranch layer = Make(3, 1, out _);
        DecisionLedger ledger = new();
        Context context = new() { Mode = Mode.Train, Decisions = Engine.Execution.Decisions.Relaxed, Progress = 0.2, Ledger = ledger };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        layer.Forward(context, Input(4));
        Assert.True(ledger.Records[0].Selected.IsAll);
        Assert.Equal("balance", ledger.Terms[0].Name);
        Assert.InRange(ledger.Terms[0].Value.Span[0], 0.3f, 3f);
        ledger.Begin();
        context.Progress = 0.8;
        Tensor output = layer.Forward(context, Input(4));
        Assert.Equal(Samples, ledger.Records[0].Selected.Count);
        tape.Backward(output, GradientCheck.Values(output.Count, 5));
        foreach ((string path, Parameter parameter) in layer.NamedParameters())
        {
            Assert.True(!path.StartsWith("gate", StringComparison.Ordinal) || parameter.Gradient.Exists, path);
        }
    }

    [Fact]
    public void Branches_of_different_shapes_are_refused()
    {
        MultiBranch layer = new(new BranchGate(Channels, 2), new Conv2d(Channels, 3, 3), new Conv2d(Channels, 5, 3));
        Assert.Throws<ArgumentException>(() => layer.OutputShape(Batch));
        Assert.Throws<ArgumentException>(() => new MultiBranch(new BranchGate(Channels, 2)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BranchGate(Channels, 2, 3));
        MultiBranch wrong = new(new BranchGate(Channels, 3), new Conv2d(Channels, 3, 3), new Conv2d(Channels, 3, 3));
        Assert.Throws<ArgumentException>(() => wrong.Forward(new Context(), Input(1)));
    }

    private static MultiBranch Make(int count, int active, out Layer[] branches)
    {
        branches = new Layer[count];
        for (int i = 0; i < count; i++)
        {
            branches[i] = new Conv2d(Channels, 3, 3);
        }

        MultiBranch layer = new(new BranchGate(Channels, count, active), branches);
        layer.Initialize(new RandomSource(7));
        layer.AssignNumbers();
        return layer;
    }

    private static Tensor Input(int seed) => Tensor.From(Batch, GradientCheck.Values(Batch.Count, seed, 3));
}
