using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicParameters;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Tests.Goldens;

/// <summary>Convolutions whose kernels are mixed or predicted, against golden vectors.</summary>
internal static class KernelRunners
{
    public static void CondConv(GoldenCase golden)
    {
        Shape experts = golden.Input("experts").Shape;
        CondConv layer = new(
            experts[2] * golden.Integer("groups", 1), experts[1], experts[3], experts[0], golden.Integer("stride", 1), golden.Integer("padding", 0),
            golden.Integer("dilation", 1), golden.Integer("groups", 1), golden.HasInput("expert_bias"));
        Run(
            golden, layer, (context, input) => layer.Forward(context, input), (context, input) => golden.Check("out.routing", layer.Attend(context, input)),
            ("weight", "experts"), ("bias", "expert_bias"), ("routing.weight", "route_weight"), ("routing.bias", "route_bias"));
    }

    public static void DynamicConvolution(GoldenCase golden)
    {
        Shape kernels = golden.Input("kernels").Shape;
        float temperature = golden.Real("temperature", 1f);
        DynamicConvolution layer = new(
            kernels[2] * golden.Integer("groups", 1), kernels[1], kernels[3], kernels[0], golden.Input("fc1_weight").Shape[0], golden.Integer("stride", 1),
            golden.Integer("padding", 0), golden.Integer("dilation", 1), golden.Integer("groups", 1), golden.HasInput("kernel_bias"))
        {
            InitialTemperature = temperature,
            FinalTemperature = temperature,
        };
        Run(
            golden, layer, (context, input) => layer.Forward(context, input), (context, input) => golden.Check("out.attention", layer.Attend(context, input)),
            ("weight", "kernels"), ("bias", "kernel_bias"), ("fc1.weight", "fc1_weight"), ("fc2.weight", "fc2_weight"), ("fc2.bias", "fc2_bias"));
    }

    public static void WeightNet(GoldenCase golden)
    {
        bool isDepthwise = golden.Flag("depthwise", false);
        int inChannels = golden.Input("x").Shape[1];
        int outChannels = golden.CoVector("y").Shape[1];
        int entries = golden.Input("fc2_weight").Shape[0] / outChannels / (isDepthwise ? 1 : inChannels);
        int groups = golden.Integer("G", 1);
        WeightNet layer = new(
            inChannels, outChannels, (int)Math.Round(Math.Sqrt(entries)), isDepthwise ? golden.Integer("M_over_G") : golden.Integer("M"), groups,
            golden.Input("reduce_weight").Shape[0], golden.Integer("stride", 1), golden.Integer("padding", 0), golden.Integer("dilation", 1), isDepthwise,
            golden.HasInput("reduce_bias"));
        Run(
            golden, layer, (context, input) => layer.Forward(context, input), null, ("reduce.weight", "reduce_weight"), ("reduce.bias", "reduce_bias"),
            ("fc1.weight", "fc1_weight"), ("fc1.bias", "fc1_bias"), ("fc2_weight", "fc2_weight"));
    }

    public static void HyperConvolution(GoldenCase golden)
    {
        if (golden.Text("kind") == "conditioned")
        {
            Conditioned(golden);
            return;
        }

        Shape inWeight = golden.Input("w_in").Shape;
        int inChannels = golden.Input("x").Shape[1];
        int outChannels = golden.CoVector("y").Shape[1];
        int kernel = golden.Integer("k");
        KernelGenerator generator = new(inChannels, outChannels, kernel, inWeight[2], inWeight[1]);
        HyperConvolution layer = new(
            generator, true, inChannels, outChannels, golden.Integer("stride", 1), golden.Integer("padding", kernel / 2), golden.Integer("dilation", 1));
        Run(
            golden, layer, (context, input) => layer.Forward(context, input), (context, _) => golden.Check("out.kernel", layer.MakeKernel(context)), ("z", "z"),
            ("generator.w_in", "w_in"), ("generator.b_in", "b_in"), ("generator.w_out", "w_out"), ("generator.b_out", "b_out"));
    }

    public static void DynamicFilter(GoldenCase golden)
    {
        Tensor filters = golden.Input("filter");
        int kernel = golden.Integer("k");
        DynamicFilterConvolution layer = new(
            golden.Input("x").Shape[1], golden.CoVector("y").Shape[1], kernel, stride: golden.Integer("stride", 1),
            padding: golden.Integer("padding", kernel / 2), dilation: golden.Integer("dilation", 1), groups: golden.Integer("groups", 1))
        {
            NormalizesFilters = golden.Flag("softmax", true),
        };
        Tape.Watch(filters);
        Run(golden, layer, (context, input) => layer.ForwardFilters(context, input, filters), null);
        golden.Check("grad.filter", Tape.GradientOf(filters));
    }

    private static void Conditioned(GoldenCase golden)
    {
        Tensor condition = golden.Input("cond");
        int groups = golden.Integer("groups", 1);
        int inChannels = golden.Input("x").Shape[1];
        int outChannels = golden.CoVector("y").Shape[1];
        int entries = golden.Input("gen_bias").Count / outChannels / (inChannels / groups);
        DynamicFilterConvolution layer = new(
            inChannels, outChannels, (int)Math.Round(Math.Sqrt(entries)), condition.Shape[1], golden.HasInput("hid_weight") ? golden.Input("hid_weight").Shape[0] : 0,
            golden.Integer("stride", 1), golden.Integer("padding", 0), golden.Integer("dilation", 1), groups)
        {
            NormalizesFilters = false,
        };
        Tape.Watch(condition);
        Run(
            golden, layer, (context, input) => layer.Forward(context, input, condition), null, ("hidden.weight", "hid_weight"), ("hidden.bias", "hid_bias"),
            ("generator_weight", "gen_weight"), ("generator_bias", "gen_bias"));
        golden.Check("grad.cond", Tape.GradientOf(condition));
    }

    // Parameters by path, and their names in the case; what the case does not have is left out or zero.
    private static void Run(
        GoldenCase golden, Layer layer, Func<Context, Tensor, Tensor> forward, Action<Context, Tensor>? check, params (string Path, string Name)[] parameters)
    {
        using Workers workers = new(2);
        Context context = new(workers);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor input = golden.ImageInput("x");
        Tape.Watch(input);
        foreach ((string path, string name) in parameters)
        {
            if (golden.HasInput(name))
            {
                golden.Input(name).Span.CopyTo(Find(layer, path).Value.Span);
            }
        }

        check?.Invoke(context, input);
        Tensor output = forward(context, input);
        golden.CheckImage("out.y", output);
        tape.Backward(output, golden.ImageCoVector("y").Span);
        golden.CheckImage("grad.x", Tape.GradientOf(input));
        foreach ((string path, string name) in parameters)
        {
            if (golden.HasGradient(name))
            {
                golden.Check("grad." + name, Find(layer, path).Gradient.Span);
            }
        }
    }

    private static Parameter Find(Layer layer, string path)
    {
        foreach ((string name, Parameter parameter) in layer.NamedParameters())
        {
            if (name == path)
            {
                return parameter;
            }
        }

        throw new ArgumentException($"{layer.GetType().Name} has no parameter {path}.", nameof(path));
    }
}
