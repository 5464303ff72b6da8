using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicFeatures;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Tests.Goldens;

/// <summary>Attention over features and dynamic activations against golden vectors.</summary>
internal static class FeatureRunners
{
    public static void Conv1d(GoldenCase golden)
    {
        Shape weight = golden.Input("weight").Shape;
        int groups = golden.Integer("groups", 1);
        Conv1d layer = new(
            weight[1] * groups, weight[0], weight[2], golden.Integer("stride", 1), golden.Integer("padding", 0), golden.Integer("dilation", 1), groups, golden.HasInput("bias"));
        new LayerRun(golden).Map("weight", "weight").Map("bias", "bias").Check(layer);
    }

    public static void SqueezeExcitation(GoldenCase golden)
    {
        int channels = Channels(golden);
        AttentionGate gate = Enum.Parse<AttentionGate>(golden.Text("gate", "sigmoid"), ignoreCase: true);
        SqueezeExcitation layer = new(channels, Reduction(golden, "fc1_weight"), gate, golden.HasInput("fc1_bias"));
        new LayerRun(golden).MapLinear("fc1", "fc1").MapLinear("fc2", "fc2").Check(
            layer, (context, input) => golden.Check("out.scale", layer.Weights(context, input)));
    }

    public static void StyleRecalibration(GoldenCase golden) => new LayerRun(golden) { Mode = ModeOf(golden.Flag("training")) }
        .Map("cfc", "cfc").MapNorm("bn", "bn").Check(new StyleRecalibration(Channels(golden), golden.Real("eps_std", 1e-5f)));

    public static void EfficientChannelAttention(GoldenCase golden) => new LayerRun(golden)
        .Map("conv.weight", "weight").Check(new EfficientChannelAttention(Channels(golden), golden.Integer("k")));

    public static void SpatialAttention(GoldenCase golden)
    {
        string norm = golden.Text("spatial_bn", "none");
        SpatialAttention layer = new(Channels(golden), golden.Integer("k", 7), norm != "none");
        new LayerRun(golden) { Mode = ModeOf(norm == "train") }.MapLinear("spatial.conv", "sp").MapNorm("spatial.norm", "spbn").Check(layer);
    }

    public static void ConvolutionalBlockAttention(GoldenCase golden)
    {
        string norm = golden.Text("spatial_bn", "none");
        ConvolutionalBlockAttention layer = new(Channels(golden), Reduction(golden, "fc1_weight"), golden.Integer("k", 7), norm != "none");
        new LayerRun(golden) { Mode = ModeOf(norm == "train") }
            .MapLinear("fc1", "fc1").MapLinear("fc2", "fc2").MapLinear("pixels.spatial.conv", "sp").MapNorm("pixels.spatial.norm", "spbn")
            .Check(layer, (context, input) =>
            {
                Tensor channels = layer.ChannelWeights(context, input);
                golden.Check("out.channel", channels);
                golden.CheckImage("out.spatial", layer.PixelWeights(context, input, channels));
            });
    }

    public static void BottleneckAttention(GoldenCase golden)
    {
        int dilated = 0;
        LayerRun run = new LayerRun(golden) { Mode = ModeOf(golden.Flag("training")) }.MapLinear("fc1", "fc1").MapNorm("norm", "cbn").MapLinear("fc2", "fc2");
        for (; golden.HasInput("s" + Text(dilated) + "_weight"); dilated++)
        {
            string number = Text(dilated);
            run.MapLinear($"pixels.{number}.conv", "s" + number).MapNorm($"pixels.{number}.norm", "sbn" + number);
        }

        bool multiplies = golden.Text("combine") == "mul";
        run.Check(new BottleneckAttention(Channels(golden), Reduction(golden, "fc1_weight"), golden.Integer("dilation", 4), multiplies, dilated - 2));
    }

    public static void SelectiveKernel(GoldenCase golden)
    {
        Shape weight = golden.Input("conv0_weight").Shape;
        int channels = Channels(golden);
        int branches = golden.Integer("branches", 2);
        LayerRun run = new LayerRun(golden).MapLinear("fc", "fc");
        for (int i = 0; i < branches; i++)
        {
            run.MapLinear($"branch{Text(i)}.conv", "conv" + Text(i)).Map($"select{Text(i)}.weight", $"att{Text(i)}_weight");
        }

        run.Check(new SelectiveKernel(channels, weight[0], branches, Reduction(golden, "fc_weight"), 1, groups: channels / weight[1], normalizes: false));
    }

    public static void DynamicRelu(GoldenCase golden)
    {
        DynamicReluForm form = golden.Text("version") switch
        {
            "A" => DynamicReluForm.Shared,
            "B" => DynamicReluForm.Channelwise,
            _ => DynamicReluForm.SpatialAndChannelwise,
        };
        DynamicRelu layer = new(Channels(golden), form, golden.Integer("k", 2), Reduction(golden, "fc1_weight"));
        new LayerRun(golden).MapLinear("fc1", "fc1").MapLinear("fc2", "fc2").MapLinear("spatial", "spatial").Check(layer);
    }

    public static void FunnelRelu(GoldenCase golden)
    {
        FunnelRelu layer = new(Channels(golden), golden.Integer("k", 3), golden.HasInput("bias"));
        new LayerRun(golden) { Mode = ModeOf(golden.Flag("training")) }
            .Map("condition.conv.weight", "weight").Map("condition.conv.bias", "bias").MapNorm("condition.norm", "bn").Check(layer);
    }

    public static void Acon(GoldenCase golden) => new LayerRun(golden).Map("p1", "p1").Map("p2", "p2").Map("beta", "beta").Check(new Acon(Channels(golden)));

    public static void MetaAcon(GoldenCase golden)
    {
        string norm = golden.Text("bn", "none");
        MetaAcon layer = new(Channels(golden), golden.Integer("hidden"), norm != "none");
        new LayerRun(golden) { Mode = ModeOf(norm == "train") }
            .Map("p1", "p1").Map("p2", "p2").MapLinear("fc1", "fc1").MapLinear("fc2", "fc2").MapNorm("bn1", "bn1").MapNorm("bn2", "bn2").Check(layer);
    }

    private static int Channels(GoldenCase golden) => golden.Input("x").Shape[1];

    // What gives the hidden width that the weight has.
    private static int Reduction(GoldenCase golden, string weight)
    {
        Shape shape = golden.Input(weight).Shape;
        return Math.Max(1, shape[1] / shape[0]);
    }

    private static Mode ModeOf(bool trains) => trains ? Mode.Train : Mode.Evaluate;

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
