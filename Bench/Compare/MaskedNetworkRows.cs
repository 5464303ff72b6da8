using System;
using ManagedDyn.Bench.Peers;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;

namespace ManagedDyn.Bench.Compare;

/// <summary>
/// Whole residual networks whose blocks run on the pixels of blobs, beside the same networks dense in ONNX Runtime and in our fastest arithmetic, batch 1,
/// one thread. Listing the pixels, from masks of true and false, and dilating the lists is part of the time.
/// </summary>
internal static class MaskedNetworkRows
{
    public static BenchResult Measure(BenchRow row, double seconds)
    {
        int size = row.Integer("size", 224);
        bool isDeep = row.Text("network", "resnet18") == "resnet50";
        SparseResNetOptions options = new()
        {
            Height = size,
            Width = size,
            Classes = 1000,
            HasLargeStem = true,
            Channels = isDeep ? [256, 512, 1024, 2048] : [64, 128, 256, 512],
            Blocks = isDeep ? [3, 4, 6, 3] : [2, 2, 2, 2],
            Expansion = isDeep ? 4 : 0,
        };
        double keep = row.Number("keep", 0.5);
        int blobs = row.Integer("blobs", 1);
        int seed = 0;
        SparseResNet masked = Make(options, (_, _, height, width) => new GivenMask(height, width, Numbers.BlobMask(height, width, blobs, keep, ++seed)));
        SparseResNet dense = Make(options, (_, _, height, width) => new GivenMask(height, width, AllTrue(height * width)));
        Context context = new(new Workers(1));
        float[] image = Numbers.Random(size * size * 3, 2);
        Tensor input = Tensor.From(new Shape(1, size, size, 3), image);
        float[] output = new float[1000];
        using OnnxRuntimePeer peer = new(OnnxResNet.Build(options), 1, image, [1, 3, size, size], output, [1, 1000]);
        double[] times = Interleaved.Medians(seconds, () => Forward(context, masked, input), () => Forward(context, dense, input), peer.Run);
        return new BenchResult(row, "the same network dense in " + OnnxRuntimePeer.Version, times[0], times[2], times[2]) { FastestDenseMilliseconds = times[1] };
    }

    private static SparseResNet Make(SparseResNetOptions options, Func<int, int, int, int, DecisionRule> rules)
    {
        SparseResNet network = new(options, rules);
        network.Initialize(new RandomSource(1));
        network.Freeze(Limits.Default);
        return network;
    }

    private static void Forward(Context context, SparseResNet network, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        StageState state = network.CreateState();
        network.Start(context, input, state);
        network.Advance(context, state);
    }

    private static bool[] AllTrue(int count)
    {
        bool[] mask = new bool[count];
        Array.Fill(mask, true);
        return mask;
    }
}
