using System;

namespace ManagedDyn.Layers.Inference.Calibration;

/// <summary>
/// Improves thresholds one exit at a time: with the others fixed, the best threshold of an exit follows exactly from one sort of the samples
/// that reach it. The objective is accuracy less a price times mean MACs; each step raises it, so the search ends.
/// </summary>
internal sealed class ThresholdSearch
{
    private const int MostRounds = 50;
    private const double LeastGain = 1e-12;

    private readonly ExitScores _scores;
    private readonly int[] _reaching;
    private readonly float[] _keys;
    private readonly double[] _gains;

    // What a sample is worth that goes beyond the exit at work, [sample].
    private readonly double[] _beyond;

    public ThresholdSearch(ExitScores scores)
    {
        _scores = scores;
        _reaching = new int[scores.Samples];
        _keys = new float[scores.Samples];
        _gains = new double[scores.Samples];
        _beyond = new double[scores.Samples];
    }

    /// <summary>Thresholds that no change of a single one improves.</summary>
    /// <param name="start">Where to begin.</param>
    /// <param name="price">What one MAC costs, in parts of a right answer.</param>
    public ExitThresholds Improve(ExitThresholds start, double price)
    {
        float[] thresholds = start.Values.ToArray();
        for (int round = 0; round < MostRounds; round++)
        {
            double gain = 0;
            for (int exit = thresholds.Length - 1; exit >= 0; exit--)
            {
                gain += ImproveOne(thresholds, exit, price);
            }

            if (gain <= LeastGain)
            {
                break;
            }
        }

        return new ExitThresholds(thresholds);
    }

    private double ImproveOne(float[] thresholds, int exit, double price)
    {
        ReadOnlySpan<float> confidences = _scores.Confidences(exit);
        int count = 0;
        for (int sample = 0; sample < _scores.Samples; sample++)
        {
            if (Leaves(thresholds, sample, 0, exit) < exit)
            {
                continue;
            }

            _keys[count] = -confidences[sample];
            _reaching[count] = sample;
            count++;
        }

        Array.Sort(_keys, _reaching, 0, count);
        double now = 0;
        for (int i = 0; i < count; i++)
        {
            int sample = _reaching[i];
            int otherwise = Leaves(thresholds, sample, exit + 1, _scores.Exits - 1);
            _beyond[i] = Worth(otherwise, sample, price);
            _gains[i] = Worth(exit, sample, price) - _beyond[i];
            now += confidences[sample] >= thresholds[exit] ? _gains[i] : 0;
        }

        // The surest i samples leave; a cut must not part samples of equal confidence.
        double sum = 0;
        double best = 0;
        int bestCut = 0;
        for (int i = 0; i < count; i++)
        {
            sum += _gains[i];
            bool parts = i + 1 < count && _keys[i + 1] == _keys[i];
            if (!parts && sum > best)
            {
                best = sum;
                bestCut = i + 1;
            }
        }

        if (best - now <= LeastGain)
        {
            return 0;
        }

        thresholds[exit] = Threshold(count, bestCut);
        return best - now;
    }

    // Halfway between the last that leaves and the first that stays, so that samples like them find the same way.
    private float Threshold(int count, int cut)
    {
        if (cut == 0)
        {
            return ExitThresholds.Never;
        }

        float inside = -_keys[cut - 1];
        float outside = cut == count ? 0f : -_keys[cut];
        float middle = outside + ((inside - outside) / 2f);
        return middle > outside && middle <= inside ? middle : inside;
    }

    private double Worth(int exit, int sample, double price) =>
        (_scores.IsRight(exit, sample) ? 1.0 : 0.0) - (price * _scores.Macs(exit, sample));

    // The exit taken among those from one to another; the last one is taken in any case.
    private int Leaves(float[] thresholds, int sample, int from, int last)
    {
        int exit = from;
        while (exit < last && !(_scores.Confidences(exit)[sample] >= thresholds[exit]))
        {
            exit++;
        }

        return exit;
    }
}
