using System;

namespace ManagedDyn.Bench.Compare;

/// <summary>Pixel-masked and channel-selected convolution beside our own dense run; ideal is the dense time times the kept share.</summary>
internal static class SelectionRows
{
    private const int VectorUnit = 8;

    /// <summary>
    /// Masks, random or of blobs; the list of pixels is built within the time. Ideal is the kept share of the dense direct sums for random ones, of the
    /// fastest dense run for blobs.
    /// </summary>
    public static BenchResult Mask(BenchRow row, double seconds)
    {
        OurConvolution ours = new(row);
        int seeds = row.Integer("seeds", 1);
        string kind = row.Text("mask", "random");
        bool[][] masks = new bool[seeds][];
        double kept = 0;
        for (int i = 0; i < seeds; i++)
        {
            double keep = row.Number("keep", 0.5);
            masks[i] = kind == "random"
                ? Numbers.RandomMask(ours.Geometry.OutPixels, keep, i + 1)
                : Numbers.BlobMask(ours.Geometry.OutHeight, ours.Geometry.OutWidth, kind == "blob1" ? 1 : 4, keep, i + 1);
            kept += Array.FindAll(masks[i], active => active).Length / (double)masks[i].Length / seeds;
        }

        int next = 0;
        double[] times = Interleaved.Medians(seconds, () => ours.Masked(masks[next++ % seeds]), ours.Dense, ours.Fastest);
        double dense = kind == "random" ? times[1] : times[2];
        return new BenchResult(row, kind == "random" ? "our dense direct run" : "our fastest dense run", times[0], dense, dense * kept)
        {
            FastestDenseMilliseconds = times[2],
        };
    }

    /// <summary>Random channels on both sides, in units of the vector or single.</summary>
    public static BenchResult Channels(BenchRow row, double seconds)
    {
        OurConvolution ours = new(row);
        int seeds = row.Integer("seeds", 1);
        int unit = row.Text("unit", "channel") == "vector" ? VectorUnit : 1;
        int[][] inputs = new int[seeds][];
        int[][] outputs = new int[seeds][];
        double kept = 0;
        for (int i = 0; i < seeds; i++)
        {
            inputs[i] = Numbers.RandomUnits(ours.Geometry.InChannels, unit, row.Number("keep_in", 1), i + 1);
            outputs[i] = Numbers.RandomUnits(ours.Geometry.OutChannels, unit, row.Number("keep_out", 1), i + 101);
            kept += inputs[i].Length / (double)ours.Geometry.InChannels * outputs[i].Length / ours.Geometry.OutChannels / seeds;
        }

        int next = 0;
        double[] times = Interleaved.Medians(
            seconds,
            () =>
            {
                int i = next++ % seeds;
                ours.Channels(inputs[i], outputs[i]);
            },
            ours.Dense);
        return new BenchResult(row, "our dense run", times[0], times[1], times[1] * kept);
    }
}
