using System;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicParameters;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Tests.Goldens;

/// <summary>Layers whose kernels differ from pixel to pixel, against golden vectors.</summary>
internal static class LocalFilterRunners
{
    public static void PixelAdaptive(GoldenCase golden)
    {
        using GoldenRun run = new(golden);
        Tensor x = run.Image("x");
        Shape weight = golden.Input("weight").Shape;
        bool hasBias = golden.HasInput("bias");
        PixelAdaptiveConv2d layer = new(
            weight[1], weight[0], weight[2], 0, golden.Integer("stride"), golden.Integer("padding"), golden.Integer("dilation"), golden.Flag("normalize_kernel"), hasBias);
        if (golden.Text("kernel", "gaussian") != "gaussian")
        {
            throw new NotSupportedException($"{golden}: the kernel {golden.Text("kernel")} is not known.");
        }

        run.Set(layer.Weight, "weight");
        if (hasBias)
        {
            run.Set(layer.Bias!, "bias");
        }

        run.Finish(layer.Forward(run.Context, x, run.Image("f")));
    }

    public static void Local(GoldenCase golden)
    {
        using GoldenRun run = new(golden);
        Tensor x = run.Image("x");
        LocalFilter layer = new(new Conv2d(1, 1, 1), golden.Integer("k"), golden.Flag("per_channel", false), golden.Flag("softmax_over_taps", false));
        run.Finish(layer.Forward(run.Context, x, run.Image("filter")));
    }

    public static void Carafe(GoldenCase golden)
    {
        using GoldenRun run = new(golden);
        Tensor x = run.Image("x");
        (int scale, int kernel, int groups) = (golden.Integer("scale"), golden.Integer("k_up"), golden.Integer("groups", 1));
        if (golden.HasInput("kernels"))
        {
            Carafe reassembly = new(x.Shape[3], scale, kernel, 1, 1, groups);
            run.Finish(reassembly.Reassemble(run.Context, x, run.Image("kernels")));
            return;
        }

        Carafe layer = new(x.Shape[3], scale, kernel, golden.Integer("k_encoder"), golden.Input("compress_weight").Shape[0], groups);
        foreach (string part in new[] { "compress", "encode" })
        {
            run.Set(layer, part + ".weight", part + "_weight");
            run.Set(layer, part + ".bias", part + "_bias");
        }

        run.Finish(layer.Forward(run.Context, x));
    }

    public static void DynamicUpsampling(GoldenCase golden)
    {
        using GoldenRun run = new(golden);
        Tensor x = run.Image("x");
        bool blocksFirst = golden.Text("residual_channel_order", "crd") == "dcr";
        DynamicUpsampling layer = new(
            new Conv2d(1, 1, 1), null, x.Shape[3], 1, golden.Integer("scale"), golden.Integer("k"), blocksFirst);
        run.Finish(layer.Forward(run.Context, x, run.Image("filter"), golden.HasInput("residual") ? run.Image("residual") : default));
    }

    public static void Involution(GoldenCase golden)
    {
        using GoldenRun run = new(golden);
        Tensor x = run.Image("x");
        Involution layer = new(x.Shape[3], golden.Integer("k"), golden.Integer("groups"), golden.Integer("reduction"), golden.Integer("stride"));
        foreach (string part in new[] { "reduce", "span" })
        {
            run.Set(layer, part + ".weight", part + "_weight");
            run.Set(layer, part + ".bias", part + "_bias");
        }

        run.Finish(layer.Forward(run.Context, x));
    }
}
