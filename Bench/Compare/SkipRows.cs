using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Bench.Compare;

/// <summary>
/// Networks of which a part is skipped beside the same network run whole, one thread: choosing, gathering and putting back are part of the time.
/// Ideal is the whole network's time times the share of its multiply-accumulates that is executed.
/// </summary>
internal static class SkipRows
{
    private const int Batch = 64;
    private const int Size = 32;

    public static BenchResult Measure(BenchRow row, double seconds)
    {
        double keep = row.Number("keep", 0.5);
        return row.Name.Split(' ')[0] switch
        {
            "samples" => Samples(row, keep, seconds),
            "residual" => Blocks(row, keep, seconds),
            "experts" => SkipExperts.Measure(row, keep, seconds),
            "tokens" => SkipTokens.Measure(row, keep, seconds),
            _ => BenchResult.NotMeasured(row, "no measurement of this row yet"),
        };
    }

    // The samples with the highest scores go through the network; what is kept of the others is nothing.
    private static BenchResult Samples(BenchRow row, double keep, double seconds)
    {
        Sequential network = new(
            new ConvBlock(3, 32, 3), new ConvBlock(32, 32, 3), new ConvBlock(32, 64, 3, 2), new ConvBlock(64, 64, 3), new ConvBlock(64, 128, 3, 2),
            new ConvBlock(128, 128, 3));
        Context context = Prepare(network);
        Tensor input = Tensor.From(new Shape(Batch, Size, Size, 3), Numbers.Random(Batch * Size * Size * 3, 2));
        float[] scores = Numbers.Random(Batch, 3);
        int kept = (int)Math.Round(Batch * keep);
        double[] times = Interleaved.Medians(
            seconds,
            () =>
            {
                using WorkspaceScope scope = context.Workspace.Enter();
                Selection chosen = context.Workspace.SelectTop(1, Batch, scores, kept);
                Tensor output = network.Forward(context, context.GatherSamples(input, chosen));
                context.ScatterSamples(output, chosen);
            },
            () =>
            {
                using WorkspaceScope scope = context.Workspace.Enter();
                network.Forward(context, input);
            });
        double share = (double)kept / Batch;
        return new BenchResult(row, FormattableString.Invariant($"our run of all {Batch} samples"), times[0], times[1], times[1] * share);
    }

    // Each block is run by the samples whose scores are highest for it; the first block of a group changes the shape and is run by all.
    private static BenchResult Blocks(BenchRow row, double keep, double seconds)
    {
        int[] channels = [16, 16, 16, 16, 32, 32, 32, 64, 64, 64];
        Layer[] layers = new Layer[channels.Length];
        layers[0] = new ConvBlock(3, channels[0], 3);
        for (int i = 1; i < layers.Length; i++)
        {
            layers[i] = new ResidualBlock(channels[i - 1], channels[i], channels[i] == channels[i - 1] ? 1 : 2);
        }

        Sequential network = new(layers);
        Context context = Prepare(network);
        Shape shape = new(Batch, Size, Size, 3);
        Tensor input = Tensor.From(shape, Numbers.Random(shape.Count, 2));
        int kept = (int)Math.Round(Batch * keep);
        float[] scores = Numbers.Random(layers.Length * Batch, 3);
        double all = 0, executed = 0;
        foreach (Layer layer in layers)
        {
            double macs = layer.CountMacs(shape);
            all += macs;
            executed += IsSkippable(layer, shape) ? macs * kept / Batch : macs;
            shape = layer.OutputShape(shape);
        }

        double[] times = Interleaved.Medians(seconds, () => Forward(context, layers, input, scores, kept), () => Forward(context, layers, input, scores, Batch));
        double share = executed / all;
        string peer = FormattableString.Invariant($"our run of all blocks for all {Batch} samples; executed {share:F3} of its multiply-accumulates");
        return new BenchResult(row, peer, times[0], times[1], times[1] * share);
    }

    private static void Forward(Context context, Layer[] layers, Tensor input, float[] scores, int kept)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor features = input;
        for (int i = 0; i < layers.Length; i++)
        {
            if (kept == Batch || !IsSkippable(layers[i], features.Shape))
            {
                features = layers[i].Forward(context, features);
                continue;
            }

            Selection chosen = context.Workspace.SelectTop(1, Batch, scores.AsSpan(i * Batch, Batch), kept);
            features = context.Gate(new Decision(chosen, default), features, layers[i]);
        }
    }

    private static bool IsSkippable(Layer layer, Shape shape) => layer is ResidualBlock && layer.OutputShape(shape) == shape;

    private static Context Prepare(Module network)
    {
        network.Initialize(new RandomSource(1));
        network.Freeze(Limits.Default);
        return new Context(new Workers(1));
    }
}
