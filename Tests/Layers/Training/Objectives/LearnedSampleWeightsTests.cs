using System;
using System.Threading;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Training;
using ManagedDyn.Layers.Training.Objectives;
using ManagedDyn.Layers.Training.Optimizers;
using ManagedDyn.Layers.Training.Schedules;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training.Objectives;

public sealed class LearnedSampleWeightsTests
{
    private const int Rows = 12;
    private const int Classes = 3;

    [Fact]
    public void Without_strength_it_is_the_plain_sum()
    {
        Tensor[] logits = Logits(1);
        float[] found = new float[2];
        float[] expected = new float[2];
        Context context = new();
        float loss = new LearnedSampleWeights(2, 1, strength: 0).Compute(context, logits, Labels(), found).Span[0];
        Assert.Equal(new MultiExitObjective().Compute(context, logits, Labels(), expected).Span[0], loss, 1e-5f);
        Assert.Equal(expected[0], found[0], 1e-5f);
        Assert.Equal(expected[1], found[1], 1e-5f);
    }

    [Fact]
    public void Gradients_are_those_of_the_weighted_losses_with_the_weights_as_constants()
    {
        Tensor[] logits = Logits(2);
        Tape.Watch(logits[0]);
        Tape.Watch(logits[1]);
        LearnedSampleWeights objective = new(2, 5);
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        tape.Backward(objective.Compute(context, logits, Labels(), new float[2]));
        for (int exit = 0; exit < 2; exit++)
        {
            double mean = 0;
            for (int n = 0; n < Rows; n++)
            {
                double[] p = Softmax(logits[exit].Span.Slice(n * Classes, Classes));
                p[Labels()[n]] -= 1;
                double weight = Tape.GradientOf(logits[exit]).Span[n * Classes] * Rows / p[0];
                for (int c = 1; c < Classes; c++)
                {
                    Assert.Equal(weight * p[c] / Rows, Tape.GradientOf(logits[exit]).Span[(n * Classes) + c], 1e-5);
                }

                Assert.InRange(weight, -1e-4, 2.0001);
                mean += weight / Rows;
            }

            Assert.Equal(1, mean, 1e-3);
        }
    }

    [Fact]
    public void The_most_confident_leave_first_in_the_shares_asked_for()
    {
        Tensor[] logits = [Tensor.Zeros(new Shape(6, 2)), Tensor.Zeros(new Shape(6, 2)), Tensor.Zeros(new Shape(6, 2))];
        float[] sureness = [0.5f, 3, 0.1f, 2, 0.2f, 1];
        for (int n = 0; n < 6; n++)
        {
            logits[0].Span[2 * n] = sureness[n];
            logits[1].Span[(2 * n) + 1] = 4 - sureness[n];
        }

        Assert.Equal([2, 0, 1, 0, 1, 2], LearnedSampleWeights.Leaves(logits, 1));
        int[] late = LearnedSampleWeights.Leaves(logits, 2);
        Assert.Equal(0, late[1]);
        Assert.Single(late, 0);
    }

    [Fact]
    public void Samples_come_to_weigh_most_where_they_leave()
    {
        LearnedSampleWeights objective = new(2, 3, rate: 0.02f);
        Tensor[] logits = Logits(4);
        int[] leaves = LearnedSampleWeights.Leaves(logits, 1);
        for (int step = 0; step < 200; step++)
        {
            objective.Compute(new Context { Step = step }, logits, Labels(), new float[2]);
        }

        Tape.Watch(logits[0]);
        Context context = new() { Step = 200 };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        tape.Backward(objective.Compute(context, logits, Labels(), new float[2]));
        double[] sums = new double[2];
        int[] counts = new int[2];
        for (int n = 0; n < Rows; n++)
        {
            double[] p = Softmax(logits[0].Span.Slice(n * Classes, Classes));
            p[Labels()[n]] -= 1;
            sums[leaves[n]] += Tape.GradientOf(logits[0]).Span[n * Classes] * Rows / p[0];
            counts[leaves[n]]++;
        }

        Assert.True(sums[0] / counts[0] > (sums[1] / counts[1]) + 0.1, $"Those who leave weigh {sums[0] / counts[0]}, the others {sums[1] / counts[1]}.");
    }

    [Fact]
    public void A_resumed_run_ends_with_the_same_bits()
    {
        float[] expected;
        using (TrainingRig rig = new())
        {
            (Trainer trainer, NoisyNetwork network) = Make(rig);
            TrainingRig.Run(trainer);
            expected = TrainingRig.Weights(network);
        }

        foreach (int stop in new[] { 1, 7, 20 })
        {
            using TrainingRig rig = new();
            using CancellationTokenSource source = new();
            (Trainer first, _) = Make(rig);
            first.Run(
                progress =>
                {
                    if (progress.Step == stop)
                    {
                        source.Cancel();
                    }
                },
                source.Token);
            (Trainer second, NoisyNetwork network) = Make(rig);
            second.Resume(rig.CheckpointPath);
            TrainingRig.Run(second);
            Assert.Equal(expected, TrainingRig.Weights(network));
        }
    }

    private static (Trainer Trainer, NoisyNetwork Network) Make(TrainingRig rig)
    {
        NoisyNetwork network = new(BlobSource.Inputs, TrainingRig.Classes, 7);
        BlobSource training = new(TrainingRig.StepsAnEpoch * 10, 10, TrainingRig.Classes, 1, shuffles: true);
        return (new Trainer(network, new LearnedSampleWeights(2, 1, rate: 0.01f), new Sgd(network, 0.9f), new CosineSchedule(0.1, 24), training, null, rig.Options()), network);
    }

    private static double[] Softmax(ReadOnlySpan<float> scores)
    {
        double[] values = new double[scores.Length];
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Math.Exp(scores[i]);
            sum += values[i];
        }

        return Array.ConvertAll(values, value => value / sum);
    }

    private static Tensor[] Logits(int seed) =>
        [Tensor.From(new Shape(Rows, Classes), GradientCheck.Values(Rows * Classes, seed, 2)), Tensor.From(new Shape(Rows, Classes), GradientCheck.Values(Rows * Classes, seed + 50, 2))];

    private static int[] Labels()
    {
        int[] labels = new int[Rows];
        for (int n = 0; n < Rows; n++)
        {
            labels[n] = n % Classes;
        }

        return labels;
    }
}
