using System;

namespace ManagedDyn.Bench.Compare;

/// <summary>
/// Gradients of layers that computed random pixels, or random channels from random channels, beside the gradients of the whole layer by direct sums; ideal is
/// that time multiplied by the share kept.
/// </summary>
internal static class BackwardRows
{
    public static BenchResult Measure(BenchRow row, double seconds)
    {
        OurBackward ours = new(row);
        Action run;
        double kept;
        if (row.Text("select", "pixels") == "pixels")
        {
            bool[] mask = Numbers.RandomMask(ours.Batch * ours.Geometry.OutPixels, row.Number("keep", 0.5), 1);
            kept = Array.FindAll(mask, active => active).Length / (double)mask.Length;
            run = () => ours.Masked(mask);
        }
        else
        {
            int[] inputs = Numbers.RandomUnits(ours.Geometry.InChannels, 1, row.Number("keep_in", 1), 1);
            int[] outputs = Numbers.RandomUnits(ours.Geometry.OutChannels, 1, row.Number("keep_out", 1), 101);
            kept = inputs.Length / (double)ours.Geometry.InChannels * outputs.Length / ours.Geometry.OutChannels;
            run = () => ours.Channels(inputs, outputs);
        }

        double[] times = Interleaved.Medians(seconds, run, ours.Dense, ours.Fastest);
        return new BenchResult(row, "our dense gradient by direct sums", times[0], times[1], times[1] * kept) { FastestDenseMilliseconds = times[2] };
    }
}
