using System;

namespace ManagedDyn.Bench.Compare;

/// <summary>Operands for benchmarks.</summary>
internal static class Numbers
{
    /// <summary>Values between −0.5 and 0.5.</summary>
    public static float[] Random(int count, int seed)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = random.NextSingle() - 0.5f;
        }

        return values;
    }

    /// <summary>Keeps each place with the same probability, at least one place.</summary>
    public static bool[] RandomMask(int count, double keep, int seed)
    {
        Random random = new(seed);
        bool[] mask = new bool[count];
        for (int i = 0; i < count; i++)
        {
            mask[i] = random.NextDouble() < keep;
        }

        mask[random.Next(count)] = true;
        return mask;
    }

    /// <summary>Keeps the places nearest to some random centres, as many as the share says.</summary>
    public static bool[] BlobMask(int height, int width, int blobs, double keep, int seed)
    {
        Random random = new(seed);
        (double Y, double X)[] centres = new (double, double)[blobs];
        for (int i = 0; i < blobs; i++)
        {
            centres[i] = (random.NextDouble() * height, random.NextDouble() * width);
        }

        double[] distances = new double[height * width];
        int[] places = new int[distances.Length];
        for (int i = 0; i < distances.Length; i++)
        {
            places[i] = i;
            distances[i] = double.PositiveInfinity;
            foreach ((double y, double x) in centres)
            {
                distances[i] = Math.Min(distances[i], Math.Pow((i / width) + 0.5 - y, 2) + Math.Pow((i % width) + 0.5 - x, 2));
            }
        }

        Array.Sort(distances, places);
        bool[] mask = new bool[distances.Length];
        foreach (int place in places.AsSpan(0, Math.Max(1, (int)Math.Round(keep * mask.Length))))
        {
            mask[place] = true;
        }

        return mask;
    }

    /// <summary>A share of some units of equal size, in ascending order, as the indices that they hold.</summary>
    public static int[] RandomUnits(int count, int unit, double keep, int seed)
    {
        Random random = new(seed);
        int units = count / unit;
        int[] order = new int[units];
        for (int i = 0; i < units; i++)
        {
            order[i] = i;
        }

        random.Shuffle(order);
        int kept = Math.Max(1, (int)Math.Round(units * keep));
        Array.Sort(order, 0, kept);
        int[] indices = new int[kept * unit];
        for (int i = 0; i < indices.Length; i++)
        {
            indices[i] = (order[i / unit] * unit) + (i % unit);
        }

        return indices;
    }
}
