using System;
using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Layers.Data;

/// <summary>Splits off a part in which each class has its share.</summary>
internal static class StratifiedSplit
{
    /// <summary>Which samples go where depends on the seed and the name alone; both parts keep the order.</summary>
    /// <param name="labels">The class of each sample.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="fraction">The share of each class to split off, from 0 to 1.</param>
    /// <param name="random">The seed.</param>
    /// <param name="name">The name of the split: splits of different names are independent.</param>
    /// <returns>What remains, and the part.</returns>
    public static (int[] Remaining, int[] Part) Of(ReadOnlySpan<int> labels, int classes, float fraction, RandomSource random, string name)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (!(fraction >= 0 && fraction <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, $"The share to split off is {fraction}; expected 0 to 1.");
        }

        int[] order = new int[labels.Length];
        int[] open = new int[classes];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
            open[labels[i]]++;
        }

        for (int i = 0; i < open.Length; i++)
        {
            open[i] = (int)MathF.Round(open[i] * fraction);
        }

        random.Stream("split." + name).Shuffle(order, 0);
        bool[] inPart = new bool[labels.Length];
        int taken = 0;
        foreach (int index in order)
        {
            if (open[labels[index]]-- > 0)
            {
                inPart[index] = true;
                taken++;
            }
        }

        int[] part = new int[taken];
        int[] rest = new int[labels.Length - taken];
        int partCount = 0;
        for (int i = 0; i < inPart.Length; i++)
        {
            if (inPart[i])
            {
                part[partCount++] = i;
            }
            else
            {
                rest[i - partCount] = i;
            }
        }

        return (rest, part);
    }
}
