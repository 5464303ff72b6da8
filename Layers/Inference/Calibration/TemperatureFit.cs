using System;

namespace ManagedDyn.Layers.Inference.Calibration;

/// <summary>
/// Finds the temperature that makes an exit's probabilities honest: the one of least negative log-likelihood on a validation set (Guo et al.,
/// "On Calibration of Modern Neural Networks", ICML 2017, section 4.2). It changes no label.
/// </summary>
/// <remarks>
/// Where an exit answers all N samples rightly that likelihood only grows as the temperature falls, until all probabilities are 1 and no answer is surer than another.
/// There one sample more is counted, of whose class nothing is known: all classes alike, with weight 1/(N + 1) (after Platt, "Probabilistic outputs for support vector machines", 1999).
/// </remarks>
public static class TemperatureFit
{
    /// <summary>The least temperature that is given.</summary>
    public const double Smallest = 0.05;

    /// <summary>The largest temperature that is given.</summary>
    public const double Largest = 20;

    private const int Steps = 32;

    /// <summary>Fits one temperature for each exit.</summary>
    /// <param name="logits">What the exits said of a validation set of at least one sample.</param>
    public static float[] FitAll(ExitLogits logits)
    {
        ArgumentNullException.ThrowIfNull(logits);
        float[] temperatures = new float[logits.Exits];
        for (int exit = 0; exit < temperatures.Length; exit++)
        {
            temperatures[exit] = Fit(logits, exit);
        }

        return temperatures;
    }

    /// <summary>Fits the temperature of one exit.</summary>
    /// <param name="logits">What the exits said of a validation set of at least one sample.</param>
    /// <param name="exit">The exit.</param>
    /// <returns>From <see cref="Smallest"/> to <see cref="Largest"/>.</returns>
    public static float Fit(ExitLogits logits, int exit)
    {
        ArgumentNullException.ThrowIfNull(logits);
        if (logits.Samples == 0)
        {
            throw new ArgumentException("There is no sample to fit a temperature on; expected at least one.", nameof(logits));
        }

        double unknown = IsAlwaysRight(logits, exit) ? 1.0 / (logits.Samples + 1) : 0;

        // The loss is convex in 1 / T, so it has one valley in ln T, and golden sections close in on it.
        double ratio = (Math.Sqrt(5) - 1) / 2;
        double low = Math.Log(Smallest);
        double high = Math.Log(Largest);
        double left = high - (ratio * (high - low));
        double right = low + (ratio * (high - low));
        double leftLoss = Loss(logits, exit, Math.Exp(left), unknown);
        double rightLoss = Loss(logits, exit, Math.Exp(right), unknown);
        for (int step = 0; step < Steps; step++)
        {
            if (leftLoss <= rightLoss)
            {
                (high, right, rightLoss) = (right, left, leftLoss);
                left = high - (ratio * (high - low));
                leftLoss = Loss(logits, exit, Math.Exp(left), unknown);
            }
            else
            {
                (low, left, leftLoss) = (left, right, rightLoss);
                right = low + (ratio * (high - low));
                rightLoss = Loss(logits, exit, Math.Exp(right), unknown);
            }
        }

        return (float)Math.Exp((low + high) / 2);
    }

    /// <summary>The mean negative log-likelihood of the true classes, −(1/N) Σ_n ln softmax(z_n / T)[y_n].</summary>
    /// <param name="logits">What the exits said.</param>
    /// <param name="exit">The exit.</param>
    /// <param name="temperature">Above 0.</param>
    public static double Loss(ExitLogits logits, int exit, double temperature)
    {
        ArgumentNullException.ThrowIfNull(logits);
        return Loss(logits, exit, temperature, 0);
    }

    private static bool IsAlwaysRight(ExitLogits logits, int exit)
    {
        for (int sample = 0; sample < logits.Samples; sample++)
        {
            ReadOnlySpan<float> values = logits.Of(exit, sample);
            foreach (float value in values)
            {
                if (value > values[logits.Labels[sample]])
                {
                    return false;
                }
            }
        }

        return true;
    }

    // With a share of the weight on the mean class instead of the true one.
    private static double Loss(ExitLogits logits, int exit, double temperature, double unknown)
    {
        double total = 0;
        for (int sample = 0; sample < logits.Samples; sample++)
        {
            ReadOnlySpan<float> values = logits.Of(exit, sample);
            double largest = double.NegativeInfinity;
            foreach (float value in values)
            {
                largest = Math.Max(largest, value);
            }

            double sum = 0;
            double mean = 0;
            foreach (float value in values)
            {
                sum += Math.Exp((value - largest) / temperature);
                mean += (value - largest) / values.Length;
            }

            double wanted = ((1 - unknown) * (values[logits.Labels[sample]] - largest)) + (unknown * mean);
            total += Math.Log(sum) - (wanted / temperature);
        }

        return total / Math.Max(1, logits.Samples);
    }
}
