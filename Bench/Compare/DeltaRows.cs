using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.SpatialWise.PixelLevel;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Bench.Compare;

/// <summary>
/// A sequence of frames, of which an object that moves changes a share of the pixels, through a network that computes what changed, beside the same network
/// run whole on each frame, one thread. Ideal is the whole network's time times the share of changed pixels of the input.
/// </summary>
internal static class DeltaRows
{
    private const int Frames = 8;

    public static BenchResult Measure(BenchRow row, double seconds)
    {
        int size = row.Integer("size", 512);
        int width = row.Integer("width", 32);
        float threshold = (float)row.Number("threshold", 0);
        Layer network = row.Text("network", "filter") == "filter" ? Filter(width, row.Integer("depth", 8)) : Residual();
        network.Initialize(new RandomSource(1));
        network.Freeze(Limits.Default);
        Tensor[] frames = Sequence(size, row.Number("changed", 0.1));
        Context whole = new(new Workers(1));
        Context changes = new(new Workers(1));
        DeltaStream stream = new(network, new Shape(size, size, 3), threshold);
        double share = Check(network, stream, frames, threshold == 0);
        int time = 0;
        double[] times = Interleaved.Medians(
            seconds,
            () => stream.Next(changes, frames[time++ % Frames]),
            () =>
            {
                using WorkspaceScope scope = whole.Workspace.Enter();
                network.Forward(whole, frames[time % Frames]);
            });
        return new BenchResult(row, FormattableString.Invariant($"our run of whole frames, {share:F3} of whose pixels change"), times[0], times[1], times[1] * share);
    }

    // What is compared must be the same; the share of the pixels that change from frame to frame comes with it.
    private static double Check(Layer network, DeltaStream stream, Tensor[] frames, bool isExact)
    {
        Context context = new(new Workers(1));
        double share = 0;
        for (int time = 0; time <= frames.Length; time++)
        {
            using WorkspaceScope scope = context.Workspace.Enter();
            Tensor frame = frames[time % frames.Length];
            Tensor expected = network.Forward(context, frame);
            Tensor actual = stream.Next(context, frame);
            share += time == 0 ? 0 : (double)stream.ChangedInputs / (frame.Shape[1] * frame.Shape[2]) / frames.Length;
            for (int i = 0; isExact && i < expected.Count; i++)
            {
                if (BitConverter.SingleToInt32Bits(expected.Span[i]) != BitConverter.SingleToInt32Bits(actual.Span[i]))
                {
                    throw new InvalidOperationException($"Frame {time} differs from the whole run at {i}: {actual.Span[i]:R}, not {expected.Span[i]:R}.");
                }
            }
        }

        return share;
    }

    private static Sequential Filter(int width, int depth)
    {
        Layer[] layers = new Layer[depth];
        for (int i = 0; i < depth; i++)
        {
            layers[i] = new ConvBlock(i == 0 ? 3 : width, i == depth - 1 ? 3 : width, 3, activation: i == depth - 1 ? Activation.None : Activation.Relu);
        }

        return new Sequential(layers);
    }

    private static Sequential Residual() => new(
        new ConvBlock(3, 64, 7, 2), new MaxPool2d(3, 2, 1), new ResidualBlock(64, 64), new ResidualBlock(64, 64), new ResidualBlock(64, 128, 2),
        new ResidualBlock(128, 128), new ResidualBlock(128, 256, 2), new ResidualBlock(256, 256), new ResidualBlock(256, 512, 2), new ResidualBlock(512, 512),
        new GlobalAveragePool(), new Linear(512, 1000));

    // A square of noise goes to and fro over noise that stands still: where it was and where it is changes.
    private static Tensor[] Sequence(int size, double changed)
    {
        const int Step = 2;
        int side = (int)Math.Sqrt(changed * size * size) - Step;
        Tensor[] frames = new Tensor[Frames];
        float[] background = Numbers.Random(size * size * 3, 5);
        float[] thing = Numbers.Random(side * side * 3, 6);
        for (int time = 0; time < Frames; time++)
        {
            frames[time] = Tensor.Zeros(new Shape(1, size, size, 3));
            background.CopyTo(frames[time].Span);
            int at = (size / 3) + (Step * (time <= Frames / 2 ? time : Frames - time));
            for (int y = 0; y < side; y++)
            {
                thing.AsSpan(y * side * 3, side * 3).CopyTo(frames[time].Span[((((at + y) * size) + at) * 3)..]);
            }
        }

        return frames;
    }
}
