using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.PixelLevel;

namespace ManagedDyn.Bench.Compare;

/// <summary>
/// Residual blocks under masks made of square blocks of pixels, beside the same block on all pixels, batch 1, one thread: how much of the time that the saved
/// multiply-adds stand for is saved. Single pixels are compared with the dense direct sums, larger blocks with our fastest dense run. Listing the pixels and
/// dilating the list is part of the time, and the dilated pixels are part of the multiply-adds.
/// </summary>
internal static class MaskedBlockRows
{
    public static BenchResult Measure(BenchRow row, double seconds)
    {
        int channels = row.Integer("in", 64);
        int size = row.Integer("size", 56);
        int inner = row.Integer("inner");
        int granularity = row.Integer("granularity", 1);
        bool[] mask = Mask(size, granularity, row.Number("keep", 0.5), row.Text("mask", "random") == "random");
        bool[] all = new bool[mask.Length];
        Array.Fill(all, true);
        SparseResidualBlock masked = Make(channels, inner, size, mask);
        SparseResidualBlock dense = Make(channels, inner, size, all);
        Context context = new(new Workers(1)) { Accuracy = granularity == 1 ? Accuracy.Exact : Accuracy.Fast };
        Tensor input = Tensor.From(new Shape(1, size, size, channels), Numbers.Random(size * size * channels, 2));
        double share = MacsShare(context, masked, input);
        double[] times = Interleaved.Medians(seconds, () => Forward(context, masked, input), () => Forward(context, dense, input));
        string peer = granularity == 1 ? "the block dense, by direct sums" : "the block dense, in our fastest arithmetic";
        return new BenchResult(row, peer, times[0], times[1], times[1] * share) { SavedShare = (1 - (times[0] / times[1])) / (1 - share) };
    }

    private static double MacsShare(Context context, SparseResidualBlock block, Tensor input)
    {
        ComputeMeter meter = new();
        meter.Begin(1);
        context.Meter = meter;
        Forward(context, block, input);
        context.Meter = null;
        return meter.ExecutedMacs(0) / (double)meter.DenseMacs(0);
    }

    private static SparseResidualBlock Make(int channels, int inner, int size, bool[] mask)
    {
        SparseResidualBlock block = new(channels, channels, new GivenMask(size, size, mask), innerChannels: inner);
        block.Initialize(new RandomSource(1));
        block.Freeze(Limits.Default);
        return block;
    }

    private static void Forward(Context context, SparseResidualBlock block, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        block.Forward(context, input);
    }

    // Blocks drawn at random, or those of one blob, each filled with pixels.
    private static bool[] Mask(int size, int granularity, double keep, bool isRandom)
    {
        int blocks = (size + granularity - 1) / granularity;
        bool[] chosen = isRandom ? Numbers.RandomMask(blocks * blocks, keep, 1) : Numbers.BlobMask(blocks, blocks, 1, keep, 1);
        bool[] mask = new bool[size * size];
        for (int i = 0; i < mask.Length; i++)
        {
            mask[i] = chosen[(i / size / granularity * blocks) + (i % size / granularity)];
        }

        return mask;
    }
}
