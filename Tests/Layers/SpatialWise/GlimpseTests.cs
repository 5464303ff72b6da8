using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.RegionLevel;
using ManagedDyn.Layers.Training.Objectives;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.SpatialWise;

public sealed class GlimpseTests
{
    private static readonly GlanceAndFocusOptions Small = new() { Height = 12, Width = 9, InputChannels = 2, Classes = 3, Channels = [4, 6], Blocks = [1, 1], Hidden = 5, PolicyHidden = 6, Patches = 2 };

    [Theory]
    [InlineData(1, 10, 4)]
    [InlineData(3, 10, 4)]
    [InlineData(4, 9, 2)]
    [InlineData(5, 7, 7)]
    public void Places_reach_from_border_to_border_in_even_steps(int places, int extent, int window)
    {
        int last = -1;
        for (int place = 0; place < places; place++)
        {
            int start = GridCrop.StartOf(place, places, extent, window);
            Assert.InRange(start, Math.Max(0, last), extent - window);
            double even = places == 1 ? (extent - window) / 2.0 : place * (extent - window) / (double)(places - 1);
            Assert.InRange(start - even, -0.51, 0.51);
            last = start;
        }
    }

    [Fact]
    public void A_crop_is_the_window_at_its_place()
    {
        Context context = new();
        Tensor image = Tensor.From(new Shape(3, 7, 6, 2), GradientCheck.Values(3 * 7 * 6 * 2, 4));
        int[] places = [8, 0, 5];
        Tensor crops = context.CropAtPlaces(image, context.Workspace.Select(9, [0, 1, 2, 3], places), 3, 4, 3);
        for (int n = 0; n < 3; n++)
        {
            int top = GridCrop.StartOf(places[n] / 3, 3, 7, 4);
            int left = GridCrop.StartOf(places[n] % 3, 3, 6, 3);
            Tensor expected = context.Crop(image.Rows(n, 1), top, left, 4, 3);
            Assert.Equal(expected.ToArray(), crops.Rows(n, 1).ToArray());
        }
    }

    [Fact]
    public void Patches_are_read_where_the_policy_says_and_nowhere_else()
    {
        GlanceAndFocus network = new(Small with { Width = 8, Patches = 1 });
        network.Initialize(new RandomSource(3));
        float[] values = Array.ConvertAll(GradientCheck.Values(12 * 8 * 2, 5), value => MathF.Round(4 * value));
        (float[][] before, int place) = Run(network, values);
        int top = GridCrop.StartOf(place / 3, 3, 12, 6);
        int left = GridCrop.StartOf(place % 3, 3, 8, 4);
        int beside = 0;
        for (int block = 0; block < 6 * 4; block++)
        {
            int row = 2 * (block / 4);
            int column = 2 * (block % 4);
            bool touches = row + 2 > top && row < top + 6 && column + 2 > left && column < left + 4;

            // What a block of the glance sees is the same, and exactly, as the numbers are whole.
            float[] changed = [.. values];
            changed[((row * 8) + column) * 2] += 3;
            changed[(((row + 1) * 8) + column) * 2] -= 3;
            (float[][] after, int placeAfter) = Run(network, changed);
            Assert.Equal(place, placeAfter);
            Assert.Equal(before[0], after[0]);
            if (touches)
            {
                Assert.NotEqual(before[1], after[1]);
            }
            else
            {
                Assert.Equal(before[1], after[1]);
                beside++;
            }
        }

        Assert.InRange(beside, 1, 23);
    }

    [Fact]
    public void With_one_place_training_and_inference_are_the_same()
    {
        GlanceAndFocus network = new(Small with { Grid = 1 });
        network.Initialize(new RandomSource(3));
        float[] values = GradientCheck.Values(2 * 12 * 9 * 2, 5);
        foreach (double progress in new[] { 0.1, 0.9 })
        {
            Context hard = new();
            Context relaxed = new() { Decisions = Engine.Execution.Decisions.Relaxed, Progress = progress };
            StageState first = network.CreateState();
            StageState second = network.CreateState();
            Tensor input = Tensor.From(network.BatchShape(2), values);
            network.Start(hard, input, first);
            network.Start(relaxed, input, second);
            for (int stage = 0; stage < network.StageCount; stage++)
            {
                Assert.Equal(network.Advance(hard, first).ToArray(), network.Advance(relaxed, second).ToArray());
            }
        }
    }

    [Fact]
    public void Only_the_policy_learns_from_where_it_looked()
    {
        GlanceAndFocus network = new(Small);
        network.Initialize(new RandomSource(3));
        Context context = new() { Mode = Mode.Train, Decisions = Engine.Execution.Decisions.Relaxed, Ledger = new DecisionLedger(), Progress = 0.9 };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        StageState state = network.CreateState();
        network.Start(context, Tensor.From(network.BatchShape(4), GradientCheck.Values(4 * 12 * 9 * 2, 5)), state);
        for (int stage = 0; stage < network.StageCount; stage++)
        {
            _ = network.Advance(context, state);
        }

        Assert.Equal(2, context.Ledger.Records.Length);
        Tensor chances = context.Add(context.Ledger.Records[0].LogProbabilities, context.Ledger.Records[1].LogProbabilities);
        tape.Backward(context.Sum(context.Multiply(chances, Tensor.From(new Shape(4), [1, -2, 3, 0.5f]))));
        bool learns = false;
        foreach ((string name, Parameter parameter) in network.NamedParameters())
        {
            bool moves = parameter.Gradient.Exists && parameter.Gradient.Span.IndexOfAnyExcept(0f) >= 0;
            Assert.True(!moves || name.StartsWith("policy.", StringComparison.Ordinal), $"{name} got a gradient from the policy.");
            learns |= moves;
        }

        Assert.True(learns);
    }

    [Fact]
    public void A_decision_is_worth_what_the_label_gains_from_then_on()
    {
        Context context = new() { Ledger = new DecisionLedger() };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        float[][] chances = [[-0.5f, -1], [-0.3f, -0.2f]];
        Tensor[] logs = new Tensor[2];
        for (int t = 0; t < 2; t++)
        {
            logs[t] = context.Workspace.RentCopy(new Shape(2), chances[t]);
            Tape.Watch(logs[t]);
            context.Record(new DecisionRecord { Layer = 1, Kind = DecisionKind.Regions, Rows = 2, LogProbabilities = logs[t] });
        }

        float[][] p = [[0.2f, 0.5f], [0.6f, 0.4f], [0.7f, 0.9f]];
        Tensor[] logits = Array.ConvertAll(p, row => Tensor.From(new Shape(2, 2), [MathF.Log(row[0]), MathF.Log(1 - row[0]), MathF.Log(1 - row[1]), MathF.Log(row[1])]));
        Tensor loss = new GlimpsePolicyGradient(new MultiExitObjective(), weight: 2, discount: 0.5f).Compute(context, logits, [0, 1], new float[3]);
        tape.Backward(loss);
        double[] second = [0.1, 0.5];
        double[] first = [0.4 + (0.5 * second[0]), -0.1 + (0.5 * second[1])];
        Check(Tape.GradientOf(logs[0]).ToArray(), first);
        Check(Tape.GradientOf(logs[1]).ToArray(), second);

        static void Check(float[] gradient, double[] returns)
        {
            double mean = 0.5 * (returns[0] + returns[1]);
            Assert.Equal(-(returns[0] - mean), gradient[0], 1e-5);
            Assert.Equal(-(returns[1] - mean), gradient[1], 1e-5);
        }
    }

    private static (float[][] Answers, int Place) Run(GlanceAndFocus network, float[] values)
    {
        DecisionLedger ledger = new() { KeepsChoices = true };
        Context context = new() { Ledger = ledger };
        StageState state = network.CreateState();
        network.Start(context, Tensor.From(network.BatchShape(1), values), state);
        float[][] answers = new float[network.StageCount][];
        for (int stage = 0; stage < answers.Length; stage++)
        {
            answers[stage] = network.Advance(context, state).ToArray();
        }

        DecisionChoice choice = ledger.Choices[0];
        Assert.Equal(DecisionKind.Regions, choice.Kind);
        return (answers, ledger.UnitsOf(choice)[0]);
    }
}
