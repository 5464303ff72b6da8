using System;
using System.Globalization;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.Goldens;

namespace ManagedDyn.Tests.Operators;

/// <summary>Runs the golden cases of activations, resizing, pixel shuffling and embeddings.</summary>
internal static class ElementGoldens
{
    public static void Activation(GoldenCase golden)
    {
        const string Leaky = "leaky_relu_";
        string name = golden.Name;
        switch (name)
        {
            case "softmax_dim1":
                Images(golden, (context, x) => context.Softmax(x));
                break;
            case "log_softmax_dim1":
                Images(golden, (context, x) => context.LogSoftmax(x));
                break;
            default:
                Plain(golden, (context, x) => name switch
                {
                    "softmax_last" => context.Softmax(x),
                    "relu" => context.Relu(x),
                    "elu" => context.Elu(x),
                    "gelu" => context.Gelu(x),
                    "gelu_tanh" => context.GeluTanh(x),
                    "silu" => context.Silu(x),
                    "sigmoid" => context.Sigmoid(x),
                    "tanh" => context.Tanh(x),
                    "softplus" => context.Softplus(x),
                    "hardswish" => context.HardSwish(x),
                    "hardsigmoid" => context.HardSigmoid(x),
                    "mish" => context.Mish(x),
                    _ when name.StartsWith(Leaky, StringComparison.Ordinal) => context.LeakyRelu(x, float.Parse(name.AsSpan(Leaky.Length), CultureInfo.InvariantCulture)),
                    _ => throw new NotSupportedException($"The activation {name} is not known."),
                });
                break;
        }
    }

    public static void Interpolate(GoldenCase golden) => Images(golden, (context, x) =>
    {
        int factor = golden.Integer("scale_factor", 1);
        int[] size = golden.Integers("size", [x.Shape[1] * factor, x.Shape[2] * factor]);
        ResizeMode mode = Enum.Parse<ResizeMode>(golden.Text("mode"), ignoreCase: true);
        return context.Resize(x, size[0], size[1], mode, golden.Flag("align_corners", false));
    });

    public static void PixelShuffle(GoldenCase golden) => Images(golden, (context, x) => context.PixelShuffle(x, golden.Integer("upscale")));

    public static void Embedding(GoldenCase golden)
    {
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor weight = golden.Input("weight");
        Tape.Watch(weight);
        DataArrayIds(golden, out int[] identifiers, out Shape shape);
        Tensor output = context.Embedding(weight, identifiers, shape);
        golden.Check("out.y", output);
        tape.Backward(output, golden.CoVector("y").Span);
        golden.Check("grad.weight", Tape.GradientOf(weight));
    }

    private static void DataArrayIds(GoldenCase golden, out int[] identifiers, out Shape shape)
    {
        DataArray<long> ids = golden.IntegerInput("ids");
        identifiers = Array.ConvertAll(ids.Values, id => checked((int)id));
        shape = ids.Shape;
    }

    private static void Plain(GoldenCase golden, Func<Context, Tensor, Tensor> operation)
    {
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor input = golden.Input("x");
        Tape.Watch(input);
        Tensor output = operation(context, input);
        golden.Check("out.y", output);
        tape.Backward(output, golden.CoVector("y").Span);
        golden.Check("grad.x", Tape.GradientOf(input));
    }

    private static void Images(GoldenCase golden, Func<Context, Tensor, Tensor> operation)
    {
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor input = golden.ImageInput("x");
        Tape.Watch(input);
        Tensor output = operation(context, input);
        golden.CheckImage("out.y", output);
        tape.Backward(output, golden.ImageCoVector("y").Span);
        golden.CheckImage("grad.x", Tape.GradientOf(input));
    }
}
