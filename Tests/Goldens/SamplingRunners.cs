using System;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.SpatialWise.PixelLevel;
using ManagedDyn.Layers.SpatialWise.RegionLevel;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Tests.Goldens;

/// <summary>Reading images at places between pixels, and convolution by regions, against golden vectors.</summary>
internal static class SamplingRunners
{
    public static void GridSample(GoldenCase golden)
    {
        using GoldenRun run = new(golden);
        ResizeMode mode = Enum.Parse<ResizeMode>(golden.Text("mode"), ignoreCase: true);
        GridPadding padding = Enum.Parse<GridPadding>(golden.Text("padding_mode"), ignoreCase: true);
        run.Finish(run.Context.GridSample(run.Image("x"), run.Plain("grid"), mode, padding, golden.Flag("align_corners")));
    }

    public static void AffineGrid(GoldenCase golden)
    {
        using GoldenRun run = new(golden);
        int[] size = golden.Integers("size");
        run.Finish(run.Context.AffineGrid(run.Plain("theta"), size[2], size[3], golden.Flag("align_corners")), isImage: false);
    }

    public static void SpatialTransformer(GoldenCase golden)
    {
        using GoldenRun run = new(golden);
        Tensor x = run.Image("x");
        Shape hidden = golden.Input("fc1_weight").Shape;
        int[] size = golden.Integers("output");
        bool alignCorners = golden.Flag("align_corners");
        Sequential localization = new(new GlobalAveragePool(), new Linear(hidden[1], hidden[0]), new Activate(ActivationFunction.Relu));
        SpatialTransformer layer = new(localization, hidden[0], size[0], size[1], alignCorners: alignCorners);
        run.Set(layer, "localization.1.weight", "fc1_weight");
        run.Set(layer, "localization.1.bias", "fc1_bias");
        run.Set(layer, "theta.weight", "fc2_weight");
        run.Set(layer, "theta.bias", "fc2_bias");
        Tensor theta = layer.Localize(new(), x);
        golden.Check("out.theta", theta);
        golden.Check("out.grid", new ManagedDyn.Engine.Execution.Context().AffineGrid(theta, size[0], size[1], alignCorners));
        run.Finish(layer.Forward(run.Context, x));
    }

    public static void RegionAware(GoldenCase golden)
    {
        using GoldenRun run = new(golden);
        Tensor x = run.Image("x");
        int regions = golden.Integer("regions");
        int channels = x.Shape[3];
        int outputs = golden.Input("gen2_weight").Shape[0] / regions / channels;
        int hidden = golden.Input("gen1_weight").Shape[0];
        RegionAwareConv2d layer = new(channels, outputs, golden.Integer("k"), regions, golden.Integer("stride"), golden.Integer("padding"), hidden);
        foreach (string part in new[] { "gen1", "gen2", "guide" })
        {
            run.Set(layer, part + ".weight", part + "_weight");
            run.Set(layer, part + ".bias", part + "_bias");
        }

        Tensor scores = layer.Guide(new(), x);
        long[] best = new long[scores.Count / regions];
        for (int pixel = 0; pixel < best.Length; pixel++)
        {
            ReadOnlySpan<float> row = scores.Span.Slice(pixel * regions, regions);
            for (int region = 1; region < regions; region++)
            {
                best[pixel] = row[region] > row[(int)best[pixel]] ? region : best[pixel];
            }
        }

        golden.CheckIntegers("out.region", best);
        run.Finish(layer.Forward(run.Context, x));
    }

    public static void DeformableConv2d(GoldenCase golden)
    {
        using GoldenRun run = new(golden);
        Tensor x = run.Image("x");
        Tensor weight = run.Plain("weight");
        int[] stride = golden.Integers("stride");
        int[] padding = golden.Integers("padding");
        int[] dilation = golden.Integers("dilation");
        ConvolutionGeometry maps = new(
            x.Shape[3], weight.Shape[0], weight.Shape[2], weight.Shape[3], x.Shape[1], x.Shape[2], stride[0], stride[1], padding[0], padding[1], padding[0],
            padding[1], dilation[0], dilation[1], golden.Integer("groups"));
        DeformGeometry geometry = new(in maps, golden.Integer("offset_groups"));
        Tensor mask = golden.HasInput("mask") ? run.Image("mask") : default;
        run.Finish(run.Context.DeformConv2d(x, run.Image("offset"), mask, weight, run.PlainIfAny("bias"), in geometry));
    }
}
