using System;

namespace ManagedDyn.Layers.Inference.Calibration;

/// <summary>
/// Finds the class probability from which on an answer is given at all, so that inputs of none of the classes are turned away: the one with the largest mean of the
/// share of inputs within the classes that are answered right and the share of those outside that are turned away.
/// </summary>
public static class RejectionThreshold
{
    /// <summary>Chooses the threshold; of equally good ones the smallest.</summary>
    /// <param name="inside">The largest class probability of each input that is of one of the classes.</param>
    /// <param name="isRight">Whether that class is the right one.</param>
    /// <param name="outside">The largest class probability of each input that is of none.</param>
    /// <returns>From 0 to 1: answers of a smaller probability are turned away.</returns>
    /// <exception cref="ArgumentException">There are no inputs of one kind, or not one flag an input.</exception>
    public static float Choose(ReadOnlySpan<float> inside, ReadOnlySpan<bool> isRight, ReadOnlySpan<float> outside)
    {
        if (inside.IsEmpty || outside.IsEmpty || isRight.Length != inside.Length)
        {
            throw new ArgumentException($"{inside.Length} inputs within the classes, {isRight.Length} flags and {outside.Length} inputs outside were given; expected some of each, and one flag an input.", nameof(inside));
        }

        // Sorted by probability: the threshold passes over one input after another.
        int count = inside.Length + outside.Length;
        float[] probabilities = new float[count];
        double[] gains = new double[count];
        for (int i = 0; i < inside.Length; i++)
        {
            probabilities[i] = inside[i];
            gains[i] = isRight[i] ? -1.0 / inside.Length : 0;
        }

        for (int i = 0; i < outside.Length; i++)
        {
            probabilities[inside.Length + i] = outside[i];
            gains[inside.Length + i] = 1.0 / outside.Length;
        }

        Array.Sort(probabilities, gains);
        float best = 0;
        double gain = 0;
        double most = 0;
        for (int i = 0; i < count; i++)
        {
            gain += gains[i];
            bool isLastOfEquals = i + 1 == count || probabilities[i + 1] > probabilities[i];
            if (isLastOfEquals && gain > most + 1e-12)
            {
                most = gain;
                best = i + 1 == count ? 1 : Between(probabilities[i], probabilities[i + 1]);
            }
        }

        return best;
    }

    // Halfway, but above the lower one, whatever rounding does.
    private static float Between(float lower, float upper)
    {
        float middle = lower + ((upper - lower) / 2);
        return middle > lower ? middle : upper;
    }
}
