using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Training.Objectives;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training.Objectives;

public class MultiExitObjectiveTests
{
    private const int Rows = 4;
    private const int Classes = 5;
    private static readonly int[] Labels = [0, 3, 4, 1];
    private static readonly float[] Weights = [0.3f, 0, 1.5f];

    [Theory]
    [InlineData(0f, 0f)]
    [InlineData(0.1f, 0f)]
    [InlineData(0f, 0.7f)]
    [InlineData(0.2f, 0.7f)]
    public void Loss_and_gradients_follow_the_formula(float smoothing, float distillation)
    {
        const float Temperature = 2;
        MultiExitObjective objective = new(Weights, smoothing, distillation, Temperature);
        Tensor[] logits = Logits();
        Context context = new();
        float[] losses = new float[3];
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor loss = objective.Compute(context, logits, Labels, losses);
        float value = loss.Span[0];
        tape.Backward(loss);

        // The teacher is a constant: its values enter the distillation from here, whatever is varied.
        double[][] points = Array.ConvertAll(logits, tensor => Array.ConvertAll(tensor.ToArray(), element => (double)element));
        double[] teacher = [.. points[2]];
        Assert.Equal(Formula(points, teacher, smoothing, distillation, Temperature), value, 2e-5);
        for (int exit = 0; exit < 3; exit++)
        {
            Assert.Equal(CrossEntropy(points[exit], smoothing), losses[exit], 1e-5);
            for (int i = 0; i < Rows * Classes; i++)
            {
                const double Step = 1e-5;
                double kept = points[exit][i];
                points[exit][i] = kept + Step;
                double above = Formula(points, teacher, smoothing, distillation, Temperature);
                points[exit][i] = kept - Step;
                double below = Formula(points, teacher, smoothing, distillation, Temperature);
                points[exit][i] = kept;
                Assert.Equal((above - below) / (2 * Step), Tape.GradientOf(logits[exit]).Span[i], 1e-5);
            }
        }
    }

    [Fact]
    public void Without_weights_all_exits_count_the_same()
    {
        Tensor[] logits = Logits();
        float[] losses = new float[3];
        float loss = new MultiExitObjective().Compute(new Context(), logits, Labels, losses).Span[0];
        Assert.Equal(losses[0] + losses[1] + losses[2], loss, 1e-5f);
    }

    [Fact]
    public void Wrong_settings_and_numbers_of_exits_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new MultiExitObjective([0, 0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MultiExitObjective([1, -1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MultiExitObjective(labelSmoothing: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MultiExitObjective(distillation: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MultiExitObjective(temperature: 0));
        MultiExitObjective two = new([1, 1]);
        Assert.Throws<ArgumentException>(() => two.Compute(new Context(), Logits(), Labels, new float[3]));
        Assert.Throws<ArgumentException>(() => new MultiExitObjective().Compute(new Context(), Logits(), Labels, new float[2]));
        Assert.Equal("multi-exit(weights=1/1, smoothing=0, distillation=0, temperature=3)", two.Description);
    }

    private static Tensor[] Logits()
    {
        Tensor[] logits = new Tensor[3];
        for (int exit = 0; exit < 3; exit++)
        {
            logits[exit] = Tensor.Zeros(new Shape(Rows, Classes));
            new RandomSource(8).Stream("logits").FillNormal(logits[exit].Span, 0, exit);
            Tape.Watch(logits[exit]);
        }

        return logits;
    }

    private static double Formula(double[][] points, double[] teacher, double smoothing, double distillation, double temperature)
    {
        double sum = 0;
        for (int exit = 0; exit < 3; exit++)
        {
            sum += Weights[exit] * CrossEntropy(points[exit], smoothing);
            sum += exit < 2 ? Weights[exit] * distillation * temperature * temperature * Divergence(points[exit], teacher, temperature) : 0;
        }

        return sum;
    }

    private static double CrossEntropy(double[] logits, double smoothing)
    {
        double sum = 0;
        for (int row = 0; row < Rows; row++)
        {
            double[] logs = LogSoftmax(logits, row, 1);
            for (int c = 0; c < Classes; c++)
            {
                sum -= ((c == Labels[row] ? 1 - smoothing : 0) + (smoothing / Classes)) * logs[c];
            }
        }

        return sum / Rows;
    }

    private static double Divergence(double[] student, double[] teacher, double temperature)
    {
        double sum = 0;
        for (int row = 0; row < Rows; row++)
        {
            double[] from = LogSoftmax(teacher, row, temperature);
            double[] to = LogSoftmax(student, row, temperature);
            for (int c = 0; c < Classes; c++)
            {
                sum += Math.Exp(from[c]) * (from[c] - to[c]);
            }
        }

        return sum / Rows;
    }

    private static double[] LogSoftmax(double[] logits, int row, double temperature)
    {
        double[] logs = new double[Classes];
        double sum = 0;
        for (int c = 0; c < Classes; c++)
        {
            logs[c] = logits[(row * Classes) + c] / temperature;
            sum += Math.Exp(logs[c]);
        }

        for (int c = 0; c < Classes; c++)
        {
            logs[c] -= Math.Log(sum);
        }

        return logs;
    }
}
