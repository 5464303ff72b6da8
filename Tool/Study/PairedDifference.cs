using System;

namespace ManagedDyn.Tool.Study;

/// <summary>
/// The mean of differences between pairs, and the half width of its 95 % interval by Student's t: d̄ ± t(n − 1)·s/√n. With one pair there is no
/// interval.
/// </summary>
public readonly record struct PairedDifference(double Mean, double HalfWidth, int Pairs)
{
    // Two-sided 95 % quantiles for 1 to 9 degrees of freedom; more seeds than ten are not asked for.
    private static ReadOnlySpan<double> Quantiles => [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

    public static int MaximumPairs => Quantiles.Length + 1;

    public static PairedDifference Of(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        int count = first.Length;
        if (count == 0 || second.Length != count || count > MaximumPairs)
        {
            throw new ArgumentException($"{count} and {second.Length} values were given; expected 1 to {MaximumPairs} pairs.", nameof(second));
        }

        double mean = 0;
        for (int i = 0; i < count; i++)
        {
            mean += (first[i] - second[i]) / count;
        }

        if (count == 1)
        {
            return new PairedDifference(mean, double.NaN, 1);
        }

        double squares = 0;
        for (int i = 0; i < count; i++)
        {
            double distance = first[i] - second[i] - mean;
            squares += distance * distance;
        }

        return new PairedDifference(mean, Quantiles[count - 2] * Math.Sqrt(squares / (count - 1) / count), count);
    }
}
