using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Pooling;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>The mean of each window: sliding, adaptive or global.</summary>
public static class AveragePoolOperator
{
    /// <summary>y[n, o, c] = Σ over the window's pixels / size.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="geometry">The windows, without dilation.</param>
    /// <param name="countPadding">Whether a window's size includes what lies in the padding.</param>
    /// <returns>[N, output rows, output columns, C].</returns>
    /// <exception cref="ArgumentException">The input is not of the geometry's shape.</exception>
    public static Tensor AveragePool2d(this Context context, Tensor input, in PoolGeometry geometry, bool countPadding = true)
    {
        Tensor output = context.Workspace.Rent(PoolWork.OutputShape(input.Shape, geometry));
        PoolWork work = new(geometry, isMaximum: false, countPadding, input, output, null);
        context.Workers.Run(work.Parts, in work);
        if (context.Records(input))
        {
            context.Tape!.Record(new Entry(context, input, geometry, countPadding, output));
        }

        return output;
    }

    /// <summary>Square windows that slide over the map.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="kernel">Rows and columns of a window.</param>
    /// <param name="stride">The distance of two windows; 0: the kernel.</param>
    /// <param name="padding">Pixels around the map, at most half of the window.</param>
    /// <param name="ceiling">Whether a last window that is not full counts.</param>
    /// <param name="countPadding">Whether a window's size includes what lies in the padding.</param>
    public static Tensor AveragePool2d(
        this Context context, Tensor input, int kernel, int stride = 0, int padding = 0, bool ceiling = false, bool countPadding = true)
    {
        PoolWork.CheckMaps(input.Shape);
        stride = stride == 0 ? kernel : stride;
        PoolGeometry geometry = new(
            PoolAxis.Sliding(input.Shape[1], kernel, stride, padding, padding, 1, ceiling),
            PoolAxis.Sliding(input.Shape[2], kernel, stride, padding, padding, 1, ceiling),
            input.Shape[3]);
        return context.AveragePool2d(input, in geometry, countPadding);
    }

    /// <summary>Windows that cut the map into a given number of rows and columns.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="height">Rows of the output.</param>
    /// <param name="width">Columns of the output.</param>
    public static Tensor AdaptiveAveragePool2d(this Context context, Tensor input, int height, int width)
    {
        PoolWork.CheckMaps(input.Shape);
        return context.AveragePool2d(
            input, new PoolGeometry(PoolAxis.Adaptive(input.Shape[1], height), PoolAxis.Adaptive(input.Shape[2], width), input.Shape[3]));
    }

    /// <summary>The mean of each channel over the map: [N, H, W, C] to [N, C].</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    public static Tensor GlobalAveragePool(this Context context, Tensor input) =>
        context.AdaptiveAveragePool2d(input, 1, 1).Reshape(new Shape(input.Shape[0], input.Shape[3]));

    private sealed class Entry(Context context, Tensor input, PoolGeometry geometry, bool countPadding, Tensor output) : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(output);
            Tensor target = gradients.Into(input, out bool accumulate);
            context.Workers.Run(input.Shape[0], new BackwardWork(geometry, countPadding, gradient, target, accumulate));
        }
    }

    // Windows of one map may overlap: a sample is the smallest part.
    private readonly struct BackwardWork(PoolGeometry geometry, bool countPadding, Tensor gradient, Tensor target, bool accumulate)
        : IParallelWork
    {
        public void Execute(int part)
        {
            Span<float> map = target.Rows(part, 1).Span;
            if (!accumulate)
            {
                map.Clear();
            }

            AveragePooling.Backward(geometry, countPadding, gradient.Rows(part, 1).Span, map);
        }
    }
}
