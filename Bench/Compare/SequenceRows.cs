using System;
using System.Globalization;
using ManagedDyn.Bench.Peers;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Bench.Compare;

/// <summary>Layers of sequences, frozen, beside ONNX Runtime with the same weights, one sequence, one thread. Results that differ are not measured.</summary>
internal static class SequenceRows
{
    private const float Tolerance = 1e-4f;

    public static BenchResult Measure(BenchRow row, double seconds)
    {
        int length = row.Integer("length", 128);
        int inputs = row.Integer("inputs", 256);
        int units = row.Integer("units", inputs);
        int heads = row.Integer("heads");
        string kind = row.Text("kind", "lstm");
        Layer layer = kind switch
        {
            "lstm" => new Lstm(inputs, units),
            "gru" => new Gru(inputs, units),
            _ => new MultiHeadAttention(inputs, heads),
        };
        layer.Initialize(new RandomSource(1));
        layer.Freeze(Limits.Default);
        float[] values = Numbers.Random(length * inputs, 2);
        byte[] model = kind == "attention"
            ? OnnxSequence.Attention(
                length, inputs, heads, Weight(layer, "in_proj_weight"), Weight(layer, "in_proj_bias"), Weight(layer, "out_proj.weight"), Weight(layer, "out_proj.bias"))
            : OnnxSequence.Recurrent(
                kind == "gru", length, inputs, units, Weight(layer, "weight_ih_l0"), Weight(layer, "weight_hh_l0"), Weight(layer, "bias_ih_l0"), Weight(layer, "bias_hh_l0"));
        float[] theirs = new float[length * units];
        long[] inputShape = kind == "attention" ? [1, length, inputs] : [length, 1, inputs];
        long[] outputShape = kind == "attention" ? [1, length, units] : [length, 1, 1, units];
        using OnnxRuntimePeer peer = new(model, 1, values, inputShape, theirs, outputShape);
        Context context = new(new Workers(1));
        Tensor input = Tensor.From(new Shape(1, length, inputs), values);
        peer.Run();
        float difference = Difference(context, layer, input, theirs);
        if (!(difference < Tolerance))
        {
            return BenchResult.NotMeasured(row, string.Create(CultureInfo.InvariantCulture, $"the results differ by {difference}"));
        }

        double[] times = Interleaved.Medians(seconds, () => Run(context, layer, input), peer.Run);
        return new BenchResult(row, OnnxRuntimePeer.Version, times[0], times[1], times[1]);
    }

    private static float[] Weight(Layer layer, string name)
    {
        foreach ((string own, Engine.Autograd.Parameter parameter) in layer.NamedParameters())
        {
            if (own == name)
            {
                return parameter.Value.Span.ToArray();
            }
        }

        throw new ArgumentException($"The layer has no parameter {name}.", nameof(name));
    }

    private static float Difference(Context context, Layer layer, Tensor input, float[] theirs)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        ReadOnlySpan<float> ours = layer.Forward(context, input).Span;
        float difference = 0;
        for (int i = 0; i < theirs.Length; i++)
        {
            difference = MathF.Max(difference, MathF.Abs(ours[i] - theirs[i]));
        }

        return difference;
    }

    private static void Run(Context context, Layer layer, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        layer.Forward(context, input);
    }
}
