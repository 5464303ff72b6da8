using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Training.Objectives;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training.Objectives;

public class LevelRegressionTests
{
    [Fact]
    public void Levels_are_even_from_minus_one_to_one_and_the_answer_is_their_mean()
    {
        Assert.Equal([-1f, -0.5f, 0f, 0.5f, 1f], [LevelRegression.LevelOf(0, 5), LevelRegression.LevelOf(1, 5), LevelRegression.LevelOf(2, 5), LevelRegression.LevelOf(3, 5), LevelRegression.LevelOf(4, 5)]);
        Assert.Equal(0, LevelRegression.ValueOf([3, 3, 3]), 1e-6);
        Assert.Equal(1, LevelRegression.ValueOf([0, 0, 500]), 1e-6);
        Assert.Throws<ArgumentOutOfRangeException>(() => LevelRegression.ValueOf([1]));
    }

    [Fact]
    public void The_loss_is_the_squared_error_of_the_answer_and_its_gradient_follows()
    {
        float[] values = [0.3f, -1, 2, 0.5f, 0.1f, 0];
        int[] labels = [0, 2];
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor logits = context.Workspace.RentCopy(new Shape(2, 3), values);
        Tape.Watch(logits);
        float[] exits = new float[1];
        Tensor loss = new LevelRegression().Compute(context, [logits], labels, exits);
        Assert.Equal(Loss(values, labels), loss.Span[0], 1e-6);
        Assert.Equal(loss.Span[0], exits[0]);
        tape.Backward(loss);
        for (int i = 0; i < values.Length; i++)
        {
            float[] above = [.. values], below = [.. values];
            above[i] += 1e-2f;
            below[i] -= 1e-2f;
            Assert.Equal((Loss(above, labels) - Loss(below, labels)) / 2e-2, Tape.GradientOf(logits).Span[i], 1e-4);
        }
    }

    private static double Loss(float[] logits, int[] labels)
    {
        double sum = 0;
        for (int n = 0; n < labels.Length; n++)
        {
            double error = LevelRegression.ValueOf(logits.AsSpan(3 * n, 3)) - LevelRegression.LevelOf(labels[n], 3);
            sum += error * error / labels.Length;
        }

        return sum;
    }
}
