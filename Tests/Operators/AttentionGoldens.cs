using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.Goldens;

namespace ManagedDyn.Tests.Operators;

/// <summary>Runs the golden cases of multi-head attention.</summary>
internal static class AttentionGoldens
{
    public static void Run(GoldenCase golden)
    {
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Dictionary<string, Tensor> inputs = [];
        foreach (string name in new[] { "q", "kv", "in_proj_weight", "in_proj_bias", "out_proj_weight", "out_proj_bias" })
        {
            if (golden.HasInput(name))
            {
                Tensor tensor = golden.Input(name);
                Tape.Watch(tensor);
                inputs.Add(name, tensor);
            }
        }

        Tensor query = inputs["q"];
        Tensor output = context.MultiHeadAttention(
            query,
            inputs.GetValueOrDefault("kv", query),
            inputs["in_proj_weight"],
            inputs["in_proj_bias"],
            inputs["out_proj_weight"],
            inputs["out_proj_bias"],
            golden.Integer("heads"),
            out Tensor attention,
            Keys(context, golden),
            golden.Text("mask") == "causal");
        golden.Check("out.y", output);
        golden.Check("out.attn", Mean(attention));
        tape.Backward(output, golden.CoVector("y").Span);
        foreach ((string name, Tensor input) in inputs)
        {
            golden.Check("grad." + name, Tape.GradientOf(input));
        }
    }

    // The file marks the keys that are ignored.
    private static Selection Keys(Context context, GoldenCase golden)
    {
        if (!golden.HasInput("key_padding_mask"))
        {
            return default;
        }

        DataArray<long> ignored = golden.IntegerInput("key_padding_mask");
        return context.Workspace.SelectMask(ignored.Shape[0], ignored.Shape[1], Array.ConvertAll(ignored.Values, value => value == 0));
    }

    private static float[] Mean(Tensor attention)
    {
        Shape shape = attention.Shape;
        int size = shape.ProductFrom(2);
        float[] mean = new float[shape[0] * size];
        float[] values = attention.ToArray();
        for (int i = 0; i < values.Length; i++)
        {
            mean[(i / size / shape[1] * size) + (i % size)] += values[i] / shape[1];
        }

        return mean;
    }
}
