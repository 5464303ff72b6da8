using ManagedDyn.Layers.Inference.Calibration;
using ManagedDyn.Layers.Training.Objectives;
using ManagedDyn.Tool.Evaluation;
using Xunit;

namespace ManagedDyn.Tests.Tool.Evaluation;

public sealed class LevelMeasureTests
{
    [Fact]
    public void ErrorsAreOfTheExpectedLevel()
    {
        // Three levels, −1, 0 and 1: sure and right, sure and wrong by one level, undecided between all.
        ExitLogits logits = new(1, 3, [50, 0, 0, 0, 50, 0, 1, 1, 1], [1, 1, 1], [0, 2, 2]);
        double expected = 0;
        for (int i = 0; i < 3; i++)
        {
            double error = LevelRegression.ValueOf(logits.Of(0, i)) - LevelRegression.LevelOf(logits.Labels[i], 3);
            expected += error * error / 3;
        }

        Assert.Equal(2.0 / 3, expected, 1e-6);
        Assert.Equal(expected, LevelMeasure.SquaredError(logits), 1e-9);

        // The variance of −1, 1, 1 is 8/9.
        Assert.Equal(1 - (expected * 9 / 8), LevelMeasure.Explained(logits), 1e-6);
    }

    [Fact]
    public void RightAnswersExplainAll() =>
        Assert.Equal(1, LevelMeasure.Explained(new ExitLogits(1, 2, [60, 0, 0, 60], [1, 1], [0, 1])), 1e-9);
}
