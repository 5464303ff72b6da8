using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Pooling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Tests.Goldens;

/// <summary>Pooling against golden vectors.</summary>
internal static class PoolingRunners
{
    public static void Max(GoldenCase golden)
    {
        Tensor input = golden.ImageInput("x");
        PoolGeometry geometry = Sliding(golden, input.Shape);
        Run(golden, input, (context, x) => context.MaxPool2d(x, in geometry));
        int[] indices = new int[geometry.OutElements];
        float[] output = new float[geometry.OutElements];
        float[] all = new float[input.Shape[0] * geometry.OutElements];
        for (int n = 0; n < input.Shape[0]; n++)
        {
            MaxPooling.Forward(geometry, input.Rows(n, 1).Span, 0, geometry.Rows.Output, output, indices);
            Array.ConvertAll(indices, i => (float)i).CopyTo(all, n * geometry.OutElements);
        }

        Shape shape = new(input.Shape[0], geometry.Rows.Output, geometry.Columns.Output, geometry.Channels);
        float[] ordered = GoldenLayout.ToChannelsFirst(Tensor.From(shape, all)).ToArray();
        golden.CheckIntegers("out.indices", Array.ConvertAll(ordered, i => (long)i));
    }

    public static void Average(GoldenCase golden)
    {
        Tensor input = golden.ImageInput("x");
        PoolGeometry geometry = Sliding(golden, input.Shape);
        Run(golden, input, (context, x) => context.AveragePool2d(x, in geometry, golden.Flag("count_include_pad", true)));
    }

    public static void AdaptiveAverage(GoldenCase golden)
    {
        int[] size = golden.Integers("output");
        Run(golden, golden.ImageInput("x"), (context, x) => context.AdaptiveAveragePool2d(x, size[0], size[1]));
    }

    public static void AdaptiveMax(GoldenCase golden)
    {
        int[] size = golden.Integers("output");
        Run(golden, golden.ImageInput("x"), (context, x) => context.AdaptiveMaxPool2d(x, size[0], size[1]));
    }

    private static PoolGeometry Sliding(GoldenCase golden, Shape input)
    {
        int[] kernel = golden.Integers("kernel");
        int[] stride = golden.Integers("stride");
        int[] padding = golden.Integers("padding");
        int[] dilation = golden.Integers("dilation", [1, 1]);
        bool ceiling = golden.Flag("ceil_mode");
        return new PoolGeometry(
            PoolAxis.Sliding(input[1], kernel[0], stride[0], padding[0], padding[0], dilation[0], ceiling),
            PoolAxis.Sliding(input[2], kernel[1], stride[1], padding[1], padding[1], dilation[1], ceiling),
            input[3]);
    }

    private static void Run(GoldenCase golden, Tensor input, Func<Context, Tensor, Tensor> layer)
    {
        using Workers workers = new(2);
        Context context = new(workers);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tape.Watch(input);
        Tensor output = layer(context, input);
        golden.CheckImage("out.y", output);
        tape.Backward(output, golden.ImageCoVector("y").Span);
        golden.CheckImage("grad.x", Tape.GradientOf(input));
    }
}
