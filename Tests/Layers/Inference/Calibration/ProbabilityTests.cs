using System;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Inference.Calibration;
using Xunit;

namespace ManagedDyn.Tests.Layers.Inference.Calibration;

public sealed class ProbabilityTests
{
    [Theory]
    [InlineData(0.5f)]
    [InlineData(1f)]
    [InlineData(3f)]
    public void The_temperature_that_labels_were_drawn_with_is_found(float temperature)
    {
        ExitLogits logits = SyntheticExits.Make(2, 8000, 5, 3, temperature);
        float fitted = TemperatureFit.Fit(logits, 1);
        Assert.Equal(temperature, fitted, 0.08f * temperature);
        for (double other = 0.06; other < 19; other *= 1.1)
        {
            Assert.True(TemperatureFit.Loss(logits, 1, fitted) <= TemperatureFit.Loss(logits, 1, other) + 1e-9, $"Temperature {other} is better than {fitted}.");
        }
    }

    [Fact]
    public void Exits_that_are_always_right_stay_less_than_sure_and_keep_the_order_of_their_answers()
    {
        const int Samples = 50;
        float[] logits = new float[Samples * 3];
        for (int sample = 0; sample < Samples; sample++)
        {
            logits[(sample * 3) + (sample % 3)] = 2 + (0.1f * sample);
        }

        int[] labels = new int[Samples];
        for (int sample = 0; sample < Samples; sample++)
        {
            labels[sample] = sample % 3;
        }

        ExitLogits exits = new(1, 3, logits, new long[Samples], labels);
        float temperature = TemperatureFit.Fit(exits, 0);
        Assert.InRange(temperature, 0.4, 2);
        ExitScores scores = new(exits, new MaxProbability(), [temperature]);
        for (int sample = 1; sample < Samples; sample++)
        {
            Assert.InRange(scores.Confidences(0)[sample], scores.Confidences(0)[sample - 1] + 1e-7f, 0.99999f);
        }

        // One wrong answer is enough for the likelihood alone.
        labels[7] = (labels[7] + 1) % 3;
        ExitLogits wrong = new(1, 3, logits, new long[Samples], labels);
        float fitted = TemperatureFit.Fit(wrong, 0);
        Assert.True(TemperatureFit.Loss(wrong, 0, fitted) <= TemperatureFit.Loss(wrong, 0, fitted * 1.05) && TemperatureFit.Loss(wrong, 0, fitted) <= TemperatureFit.Loss(wrong, 0, fitted / 1.05));
    }

    [Fact]
    public void Loss_is_the_negative_log_likelihood()
    {
        ExitLogits logits = new(1, 2, [0f, MathF.Log(3f), 0f, 0f], [1, 1], [1, 0]);
        Assert.Equal(-(Math.Log(0.75) + Math.Log(0.5)) / 2, TemperatureFit.Loss(logits, 0, 1), 1e-7);
    }

    [Fact]
    public void Fitting_lowers_the_calibration_error_and_changes_no_label()
    {
        ExitLogits logits = SyntheticExits.Make(3, 8000, 6, 8, 2.5f);
        ExitScores before = new(logits, new MaxProbability(), []);
        ExitScores after = new(logits, new MaxProbability(), TemperatureFit.FitAll(logits));
        Assert.Equal(before.Predicted(2).ToArray(), after.Predicted(2).ToArray());
        Assert.InRange(CalibrationError.Expected(after, 2), 0, 0.02);
        Assert.True(CalibrationError.Expected(before, 2) > 3 * CalibrationError.Expected(after, 2));
    }

    [Fact]
    public void Calibration_error_follows_its_formula()
    {
        // Two bins: (0, ½] holds 0.3 (wrong) and 0.5 (right); (½, 1] holds 0.9 (right), 1 (right) and 0.8 (wrong).
        double expected = (2 / 5.0 * Math.Abs((1 / 2.0) - 0.4)) + (3 / 5.0 * Math.Abs((2 / 3.0) - 0.9));
        Assert.Equal(expected, CalibrationError.Expected([0.3f, 0.5f, 0.9f, 1f, 0.8f], [false, true, true, true, false], 2), 1e-7);
        Assert.Equal(0, CalibrationError.Expected([1f, 1f], [true, true]), 1e-12);
        Assert.Equal(1, CalibrationError.Expected([1f, 1f], [false, false]), 1e-12);
        Assert.Equal(0, CalibrationError.Expected([], []));
        Assert.Throws<ArgumentException>(() => CalibrationError.Expected([float.NaN], [true]));
        Assert.Throws<ArgumentException>(() => CalibrationError.Expected([0.5f], []));
    }

    [Fact]
    public void Logits_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new ExitLogits(1, 2, [0f, 1f], [1, 1], [0]));
        Assert.Throws<ArgumentException>(() => new ExitLogits(1, 2, [0f, 1f], [1], [2]));
        Assert.Throws<ArgumentException>(() => new ExitLogits(1, 2, [0f, float.NaN], [1], [1]));
        Assert.Throws<ArgumentException>(() => new ExitLogits(1, 2, [0f], [1], [1]));
    }
}
