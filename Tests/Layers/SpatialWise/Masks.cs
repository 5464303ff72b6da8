using System;

namespace ManagedDyn.Tests.Layers.SpatialWise;

/// <summary>Masks that sparse layers are tried with, the awkward ones above all.</summary>
internal static class Masks
{
    public static readonly string[] Names = ["empty", "full", "checkerboard", "single", "corner", "border", "row", "random", "blob"];

    public static bool[] Make(string name, int height, int width, int seed = 1)
    {
        if (name == "random")
        {
            return Random(height, width, 0.5, seed);
        }

        bool[] mask = new bool[height * width];
        for (int i = 0; i < mask.Length; i++)
        {
            int y = i / width;
            int x = i % width;
            mask[i] = name switch
            {
                "full" => true,
                "checkerboard" => ((x + y) & 1) == 0,
                "single" => y == height / 2 && x == width / 2,
                "corner" => i == mask.Length - 1,
                "border" => y == 0 || x == 0 || y == height - 1 || x == width - 1,
                "row" => y == height / 3,
                "blob" => Math.Pow((y - (height / 2.0)) / height, 2) + Math.Pow((x - (width / 2.0)) / width, 2) < 0.16,
                _ => false,
            };
        }

        return mask;
    }

    public static bool[] Random(int height, int width, double share, int seed)
    {
        Random random = new(seed);
        bool[] mask = new bool[height * width];
        for (int i = 0; i < mask.Length; i++)
        {
            mask[i] = random.NextDouble() < share;
        }

        return mask;
    }

    /// <summary>A mask for each sample, all different.</summary>
    public static bool[] PerSample(int samples, int height, int width)
    {
        bool[] all = new bool[samples * height * width];
        for (int i = 0; i < samples; i++)
        {
            Make(Names[i % Names.Length], height, width, i).CopyTo(all, i * height * width);
        }

        return all;
    }
}
