using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Tests.Goldens;

/// <summary>Convolutions, linear layers and matrix products against golden vectors.</summary>
internal static class ConvolutionRunners
{
    public static void Conv2d(GoldenCase golden)
    {
        using Workers workers = new(2);
        Context context = new(workers);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor input = golden.ImageInput("x");
        Tensor weight = golden.Input("weight");
        Tensor bias = golden.HasInput("bias") ? golden.Input("bias") : default;
        Watch(input, weight, bias);
        int[] stride = golden.Integers("stride");
        int[] padding = Padding(golden);
        int[] dilation = golden.Integers("dilation", [1, 1]);
        Tensor padded = input;
        if (golden.HasParameter("padding_mode"))
        {
            PaddingMode mode = Enum.Parse<PaddingMode>(golden.Text("padding_mode"), ignoreCase: true);
            padded = context.Pad2d(input, padding[0], padding[1], padding[2], padding[3], mode);
            padding = [0, 0, 0, 0];
        }

        ConvolutionGeometry geometry = new(
            input.Shape[3], weight.Shape[0], weight.Shape[2], weight.Shape[3], padded.Shape[1], padded.Shape[2], stride[0], stride[1],
            padding[0], padding[1], padding[2], padding[3], dilation[0], dilation[1], golden.Integer("groups"));
        Conv2dSelection selection = golden.HasInput("mask") ? new() { Pixels = Pixels(context, golden.Input("mask")) } : default;
        Tensor output = context.Conv2d(padded, weight, bias, in geometry, in selection);
        golden.CheckImage("out.y", output);
        tape.Backward(output, golden.ImageCoVector("y").Span);
        golden.CheckImage("grad.x", Tape.GradientOf(input));
        CheckParameters(golden, weight, bias);
    }

    public static void ConvTranspose2d(GoldenCase golden)
    {
        using Workers workers = new(2);
        Context context = new(workers);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor input = golden.ImageInput("x");
        Tensor weight = golden.Input("weight");
        Tensor bias = golden.HasInput("bias") ? golden.Input("bias") : default;
        Watch(input, weight, bias);
        int[] stride = golden.Integers("stride");
        int[] padding = golden.Integers("padding");
        int[] outputPadding = golden.Integers("output_padding");
        int[] dilation = golden.Integers("dilation");
        int groups = golden.Integer("groups");
        ConvolutionGeometry geometry = ConvolutionGeometry.Transposed(
            input.Shape[3], weight.Shape[1] * groups, weight.Shape[2], weight.Shape[3], input.Shape[1], input.Shape[2], stride[0], stride[1],
            padding[0], padding[1], outputPadding[0], outputPadding[1], dilation[0], dilation[1], groups);
        Tensor output = context.ConvTranspose2d(input, weight, bias, in geometry);
        golden.CheckImage("out.y", output);
        tape.Backward(output, golden.ImageCoVector("y").Span);
        golden.CheckImage("grad.x", Tape.GradientOf(input));
        CheckParameters(golden, weight, bias);
    }

    public static void Linear(GoldenCase golden)
    {
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor input = golden.Input("x");
        Tensor weight = golden.Input("weight");
        Tensor bias = golden.HasInput("bias") ? golden.Input("bias") : default;
        Watch(input, weight, bias);
        Tensor output = context.Linear(input, weight, bias);
        golden.Check("out.y", output);
        tape.Backward(output, golden.CoVector("y").Span);
        golden.Check("grad.x", Tape.GradientOf(input));
        CheckParameters(golden, weight, bias);
    }

    public static void MatMul(GoldenCase golden)
    {
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor left = golden.Input("a");
        Tensor right = golden.Input("b");
        Watch(left, right, default);
        Tensor output = context.MatMul(left, right);
        golden.Check("out.y", output);
        tape.Backward(output, golden.CoVector("y").Span);
        golden.Check("grad.a", Tape.GradientOf(left));
        golden.Check("grad.b", Tape.GradientOf(right));
    }

    private static void Watch(Tensor a, Tensor b, Tensor c)
    {
        Tape.Watch(a);
        Tape.Watch(b);
        if (c.Exists)
        {
            Tape.Watch(c);
        }
    }

    private static void CheckParameters(GoldenCase golden, Tensor weight, Tensor bias)
    {
        golden.Check("grad.weight", Tape.GradientOf(weight));
        if (bias.Exists)
        {
            golden.Check("grad.bias", Tape.GradientOf(bias));
        }
    }

    private static int[] Padding(GoldenCase golden)
    {
        if (golden.HasParameter("padding_top_left_bottom_right"))
        {
            return golden.Integers("padding_top_left_bottom_right");
        }

        int[] padding = golden.Integers("padding");
        return [padding[0], padding[1], padding[0], padding[1]];
    }

    private static Selection Pixels(Context context, Tensor mask)
    {
        List<int> offsets = [0];
        List<int> indices = [];
        int pixels = mask.Shape.ProductFrom(1);
        for (int i = 0; i < mask.Count; i++)
        {
            if (mask.Span[i] != 0)
            {
                indices.Add(i % pixels);
            }

            if ((i + 1) % pixels == 0)
            {
                offsets.Add(indices.Count);
            }
        }

        return context.Workspace.Select(pixels, offsets.ToArray(), indices.ToArray());
    }
}
