using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.Operators;
using ManagedDyn.Tests.TestKit;

namespace ManagedDyn.Tests.Goldens;

/// <summary>Runs layers of sequences over their golden vectors: recurrent layers, whose sequences are [T, N, …] in the file, and convolution over frames.</summary>
internal static class SequenceRunners
{
    public static void Rnn(GoldenCase golden) => Recurrent(golden, new Rnn(
        golden.Input("x").Shape[2], golden.Input("h0").Shape[2], golden.Integer("layers", 1), golden.Flag("bidirectional", false), golden.HasInput("bias_ih_l0")));

    public static void Lstm(GoldenCase golden)
    {
        RecurrentGoldens.Lstm(golden);
        Recurrent(golden, new Lstm(
            golden.Input("x").Shape[2], golden.Input("h0").Shape[2], golden.Integer("layers", 1), golden.Flag("bidirectional", false), golden.HasInput("bias_ih_l0")));
    }

    public static void Gru(GoldenCase golden)
    {
        RecurrentGoldens.Gru(golden);
        Recurrent(golden, new Gru(
            golden.Input("x").Shape[2], golden.Input("h0").Shape[2], golden.Integer("layers", 1), golden.Flag("bidirectional", false), golden.HasInput("bias_ih_l0")));
    }

    /// <summary>Frames of N, C, D, H, W in the file.</summary>
    public static void Conv3d(GoldenCase golden)
    {
        Shape weight = golden.Input("weight").Shape;
        int groups = golden.Integer("groups", 1);
        int[] stride = golden.Integers("stride", [1, 1, 1]);
        int[] padding = golden.Integers("padding", [0, 0, 0]);
        int[] dilation = golden.Integers("dilation", [1, 1, 1]);
        Shape shape = golden.Input("x").Shape;
        Context context = new() { Accuracy = Accuracy.Exact };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor input = golden.Input("x"), kernel = golden.Input("weight"), bias = golden.HasInput("bias") ? golden.Input("bias") : default;
        Tape.Watch(input);
        Tape.Watch(kernel);
        if (bias.Exists)
        {
            Tape.Watch(bias);
        }

        Tensor frames = context.Permute(input, 0, 2, 3, 4, 1);
        Engine.Kernels.Convolution.ConvolutionGeometry geometry = new(
            shape[1] * weight[2], weight[0], weight[3], weight[4], shape[3], shape[4], stride[1], stride[2], padding[1], padding[2], padding[1], padding[2], dilation[1], dilation[2], groups);
        Tensor output = context.Permute(context.Conv3d(frames, kernel, bias, in geometry, stride[0], padding[0], dilation[0]), 0, 4, 1, 2, 3);
        golden.Check("out.y", output);
        tape.Backward(output, golden.CoVector("y").Span);
        golden.Check("grad.x", Tape.GradientOf(input));
        golden.Check("grad.weight", Tape.GradientOf(kernel));
        if (bias.Exists)
        {
            golden.Check("grad.bias", Tape.GradientOf(bias));
        }

        // The same bits without a tape, whose way to lay taps side by side differs.
        Context plain = new() { Accuracy = Accuracy.Exact };
        Tensor again = plain.Conv3d(plain.Permute(golden.Input("x"), 0, 2, 3, 4, 1), golden.Input("weight"), golden.HasInput("bias") ? golden.Input("bias") : default, in geometry, stride[0], padding[0], dilation[0]);
        GradientCheck.SameBits(output.ToArray(), plain.Permute(again, 0, 4, 1, 2, 3).ToArray(), $"{golden} without a tape");
    }

    private static void Recurrent(GoldenCase golden, RecurrentLayer layer)
    {
        Dictionary<string, Parameter> parameters = [];
        foreach ((string path, Parameter parameter) in layer.NamedParameters())
        {
            golden.Input(path).Span.CopyTo(parameter.Value.Span);
            parameters.Add(path, parameter);
        }

        float[] recorded;
        Context context = new() { Accuracy = Accuracy.Exact };
        using (Tape tape = new(context.Workspace))
        {
            context.Tape = tape;
            Tensor x = golden.Input("x"), h = golden.Input("h0"), c = golden.HasInput("c0") ? golden.Input("c0") : default;
            Tape.Watch(x);
            Tape.Watch(h);
            if (c.Exists)
            {
                Tape.Watch(c);
            }

            Tensor y = context.Transpose(layer.Forward(context, context.Transpose(x, 0, 1), default, Joined(context, h, c), out Tensor last), 0, 1);
            recorded = y.ToArray();
            (Tensor hidden, Tensor cell) = Split(context, last, h.Shape, c.Exists);
            golden.Check("out.y", y);
            golden.Check("out.h_n", hidden);
            List<Tensor> results = [Flat(y), Flat(hidden)];
            List<float> weights = [.. golden.CoVector("y").ToArray(), .. golden.CoVector("h_n").ToArray()];
            if (c.Exists)
            {
                golden.Check("out.c_n", cell);
                results.Add(Flat(cell));
                weights.AddRange(golden.CoVector("c_n").ToArray());
            }

            tape.Backward(context.Concat(0, results.ToArray()), weights.ToArray());
            golden.Check("grad.x", Tape.GradientOf(x));
            golden.Check("grad.h0", Tape.GradientOf(h));
            if (c.Exists)
            {
                golden.Check("grad.c0", Tape.GradientOf(c));
            }

            foreach ((string path, Parameter parameter) in parameters)
            {
                golden.Check("grad." + path, parameter.Gradient.Span);
            }
        }

        layer.Freeze(Limits.Default);
        Context plain = new() { Accuracy = Accuracy.Exact };
        Tensor start = Joined(plain, golden.Input("h0"), golden.HasInput("c0") ? golden.Input("c0") : default);
        Tensor found = plain.Transpose(layer.Forward(plain, plain.Transpose(golden.Input("x"), 0, 1), default, start, out _), 0, 1);
        GradientCheck.SameBits(recorded, found.ToArray(), $"{golden} frozen");
    }

    // [rows, N, H] twice as [N, rows · (h, c)].
    private static Tensor Joined(Context context, Tensor hidden, Tensor cell)
    {
        Tensor both = cell.Exists ? context.Concat(2, hidden, cell) : hidden;
        Shape shape = both.Shape;
        return context.Transpose(both, 0, 1).Reshape(new Shape(shape[1], shape[0] * shape[2]));
    }

    private static (Tensor Hidden, Tensor Cell) Split(Context context, Tensor last, Shape shape, bool hasCell)
    {
        int width = (hasCell ? 2 : 1) * shape[2];
        Tensor rows = context.Transpose(last.Reshape(new Shape(shape[1], shape[0], width)), 0, 1);
        return hasCell ? (context.Slice(rows, 2, 0, shape[2]), context.Slice(rows, 2, shape[2], shape[2])) : (rows, default);
    }

    private static Tensor Flat(Tensor tensor) => tensor.Reshape(new Shape(tensor.Count));
}
