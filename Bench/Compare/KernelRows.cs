using System;
using System.Numerics;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicParameters;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Bench.Compare;

/// <summary>
/// A layer of mixed kernels, its routing included, beside one static convolution of the same sizes and arithmetic, frozen, one sample, one thread. Where the
/// row says so, the ideal is the time of the static convolution and of reading all kernels once, one after the other.
/// </summary>
internal static class KernelRows
{
    public static BenchResult Measure(BenchRow row, double seconds)
    {
        int inChannels = row.Integer("in");
        int outChannels = row.Integer("out");
        int kernel = row.Integer("kernel", 3);
        int experts = row.Integer("experts", 8);
        int groups = row.Integer("groups", 1);
        CondConv mixed = new(inChannels, outChannels, kernel, experts, groups: groups);
        Conv2d plain = new(inChannels, outChannels, kernel, groups: groups, bias: false);
        Context context = Prepare(mixed, row);
        _ = Prepare(plain, row);
        Shape shape = new(1, row.Integer("height"), row.Integer("width"), inChannels);
        Tensor input = Tensor.From(shape, Numbers.Random(shape.Count, 2));
        Tensor kernels = Tensor.From(new Shape(mixed.Weight.Shape.Count), mixed.Weight.Value.Span);
        float kept = 0;
        bool allowsReading = row.Text("allow", "nothing") == "reading";

        // Reading in turn with the convolution, as mixing is: by itself it would find everything in the caches.
        double[] times = Interleaved.Medians(
            seconds,
            () => Run(context, mixed, input),
            () => Run(context, plain, input),
            () =>
            {
                Run(context, plain, input);
                kept += Read(kernels.Span);
            });
        GC.KeepAlive(kept);
        string peer = $"our static convolution{(allowsReading ? $" and then reading {experts} kernels" : string.Empty)}";
        return new BenchResult(row, peer, times[0], times[1], times[allowsReading ? 2 : 1]);
    }

    private static Context Prepare(Layer layer, BenchRow row)
    {
        layer.Initialize(new RandomSource(1));
        layer.Freeze(Limits.Default);
        return new Context(new Workers(1)) { Accuracy = row.Text("arithmetic", "fastest") == "direct" ? Accuracy.Exact : Accuracy.Fast };
    }

    private static void Run(Context context, Layer layer, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        layer.Forward(context, input);
    }

    // Four sums, so that reading waits for memory and not for an addition.
    private static float Read(ReadOnlySpan<float> values)
    {
        int lanes = Vector<float>.Count;
        Vector<float> a = Vector<float>.Zero, b = a, c = a, d = a;
        for (int i = 0; i <= values.Length - (4 * lanes); i += 4 * lanes)
        {
            a += new Vector<float>(values[i..]);
            b += new Vector<float>(values[(i + lanes)..]);
            c += new Vector<float>(values[(i + (2 * lanes))..]);
            d += new Vector<float>(values[(i + (3 * lanes))..]);
        }

        return Vector.Sum(a + b + c + d);
    }
}
