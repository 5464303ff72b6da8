using System;

namespace ManagedDyn.Tool.Dense;

/// <summary>Counts which class pixels have and which was answered: accuracy, and intersection over union.</summary>
internal sealed class PixelConfusion(int classes)
{
    private readonly long[] _counts = new long[classes * classes];

    public void Add(int wanted, int answered) => _counts[(wanted * classes) + answered]++;

    /// <summary>The share of pixels answered rightly.</summary>
    public double Accuracy
    {
        get
        {
            long right = 0;
            long all = 0;
            for (int i = 0; i < _counts.Length; i++)
            {
                all += _counts[i];
                right += i / classes == i % classes ? _counts[i] : 0;
            }

            return (double)right / Math.Max(1, all);
        }
    }

    /// <summary>The mean of <see cref="Union"/> over the classes that there are.</summary>
    public double MeanUnion
    {
        get
        {
            double sum = 0;
            int found = 0;
            for (int c = 0; c < classes; c++)
            {
                double union = Union(c);
                if (double.IsFinite(union))
                {
                    sum += union;
                    found++;
                }
            }

            return sum / Math.Max(1, found);
        }
    }

    /// <summary>Pixels of a class answered as it, of those that are of it or were answered as it; NaN where there are none.</summary>
    public double Union(int c)
    {
        long either = 0;
        for (int other = 0; other < classes; other++)
        {
            either += _counts[(c * classes) + other] + (other == c ? 0 : _counts[(other * classes) + c]);
        }

        return either == 0 ? double.NaN : (double)_counts[(c * classes) + c] / either;
    }
}
