using ManagedDyn.Layers.Inference.Calibration;
using ManagedDyn.Layers.Training.Objectives;

namespace ManagedDyn.Tool.Evaluation;

/// <summary>Measures answers that are numbers, given as levels, at the last exit.</summary>
internal static class LevelMeasure
{
    /// <summary>The mean squared error.</summary>
    public static double SquaredError(ExitLogits logits)
    {
        double sum = 0;
        for (int i = 0; i < logits.Samples; i++)
        {
            double error = LevelRegression.ValueOf(logits.Of(logits.Exits - 1, i)) - LevelRegression.LevelOf(logits.Labels[i], logits.Classes);
            sum += error * error;
        }

        return sum / logits.Samples;
    }

    /// <summary>The share of the numbers' variance that the answers explain: 1 − error / variance.</summary>
    public static double Explained(ExitLogits logits)
    {
        double mean = 0;
        double squares = 0;
        foreach (int label in logits.Labels)
        {
            double value = LevelRegression.LevelOf(label, logits.Classes);
            mean += value / logits.Samples;
            squares += value * value / logits.Samples;
        }

        return 1 - (SquaredError(logits) / (squares - (mean * mean)));
    }
}
