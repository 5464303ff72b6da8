using System;
using System.Numerics;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Bench.Compare;

/// <summary>
/// A layer through the operator on several threads beside one thread. Ideal is the one-thread time divided by what the multiply-add peak gains
/// from as many threads in the same run: cores that share a clock or a pipeline cannot give more.
/// </summary>
internal static class ThreadRows
{
    public static BenchResult Measure(BenchRow row, double seconds)
    {
        int threads = row.Integer("threads", 2);
        int kernel = row.Integer("kernel");
        int pad = kernel / 2;
        ConvolutionGeometry geometry = new(
            row.Integer("in"), row.Integer("out"), kernel, kernel, row.Integer("height"), row.Integer("width"), padTop: pad, padLeft: pad, padBottom: pad, padRight: pad);
        PackedWeight packed = PackedWeight.ForConvolution(in geometry, Numbers.Random(geometry.WeightElements, 1));
        Tensor input = Tensor.From(new Shape(1, geometry.InHeight, geometry.InWidth, geometry.InChannels), Numbers.Random(geometry.InElements, 2));
        using Workers several = new(threads);
        using Workers alone = new(1);
        Context shared = new(several);
        Context single = new(alone);
        MultiplyAddPeak peak = new() { Sums = new float[threads * Vector<float>.Count * 8] };
        double[] times = Interleaved.Medians(
            seconds,
            () => Run(shared, input, packed, in geometry),
            () => Run(single, input, packed, in geometry),
            () => several.Run(threads, in peak),
            () => alone.Run(1, in peak));
        double scaling = threads * times[3] / times[2];
        return new BenchResult(row, FormattableString.Invariant($"our one-thread run; the multiply-add peak gains {scaling:F2}"), times[0], times[1], times[1] / scaling);
    }

    private static void Run(Context context, Tensor input, PackedWeight packed, in ConvolutionGeometry geometry)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        context.Conv2dFused(input, packed, in geometry, default);
    }
}
