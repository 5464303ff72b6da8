using System;
using System.Runtime.InteropServices;

namespace ManagedDyn.Bench.Peers;

/// <summary>Layers of sequences as ONNX models, from weights in the order of PyTorch.</summary>
internal static class OnnxSequence
{
    private const int Long = 7;

    /// <summary>One recurrent layer: X [steps, 1, inputs] to Y [steps, 1, 1, units].</summary>
    /// <param name="isGru">GRU, in the form whose reset gate stands behind the product; otherwise LSTM.</param>
    /// <param name="steps">Steps.</param>
    /// <param name="inputs">Features of a step.</param>
    /// <param name="units">Units.</param>
    /// <param name="inputWeight">[gates · units, inputs].</param>
    /// <param name="hiddenWeight">[gates · units, units].</param>
    /// <param name="inputBias">[gates · units].</param>
    /// <param name="hiddenBias">[gates · units].</param>
    public static byte[] Recurrent(
        bool isGru, int steps, int inputs, int units, float[] inputWeight, float[] hiddenWeight, float[] inputBias, float[] hiddenBias)
    {
        // PyTorch has i, f, g, o and r, z, n; ONNX has i, o, f, c and z, r, h.
        int[] order = isGru ? [1, 0, 2] : [0, 3, 1, 2];
        return OnnxModel.Model(
            graph =>
            {
                graph.Message(1, node =>
                {
                    node.Text(1, "X").Text(1, "W").Text(1, "R").Text(1, "B").Text(2, "Y").Text(3, "layer").Text(4, isGru ? "GRU" : "LSTM");
                    OnnxModel.Integer(node, "hidden_size", units);
                    if (isGru)
                    {
                        OnnxModel.Integer(node, "linear_before_reset", 1);
                    }
                });
                int gates = order.Length * units;
                OnnxModel.Initializer(graph, "W", Ordered(inputWeight, units * inputs, order), 1, gates, inputs);
                OnnxModel.Initializer(graph, "R", Ordered(hiddenWeight, units * units, order), 1, gates, units);
                OnnxModel.Initializer(graph, "B", [.. Ordered(inputBias, units, order), .. Ordered(hiddenBias, units, order)], 1, 2 * gates);
            },
            [steps, 1, inputs],
            [steps, 1, 1, units]);
    }

    /// <summary>Self-attention, as it is exported with one product for queries, keys and values: X [1, length, width] to Y of that shape.</summary>
    /// <param name="length">Tokens.</param>
    /// <param name="width">Features.</param>
    /// <param name="heads">Heads.</param>
    /// <param name="inputWeight">[3 · width, width].</param>
    /// <param name="inputBias">[3 · width].</param>
    /// <param name="outputWeight">[width, width].</param>
    /// <param name="outputBias">[width].</param>
    public static byte[] Attention(int length, int width, int heads, float[] inputWeight, float[] inputBias, float[] outputWeight, float[] outputBias) => OnnxModel.Model(
        graph =>
        {
            Node(graph, "MatMul", "all", null, "X", "Wi");
            Node(graph, "Add", "biased", null, "all", "Bi");
            graph.Message(1, node =>
            {
                node.Text(1, "biased").Text(2, "q0").Text(2, "k0").Text(2, "v0").Text(3, "split").Text(4, "Split");
                OnnxModel.Integer(node, "axis", 2);
            });
            foreach (string part in new[] { "q", "k", "v" })
            {
                Node(graph, "Reshape", part + "1", null, part + "0", "split shape");
                Node(graph, "Transpose", part + "2", node => OnnxModel.Integers(node, "perm", part == "k" ? [0, 2, 3, 1] : [0, 2, 1, 3]), part + "1");
            }

            Node(graph, "Mul", "q3", null, "q2", "factor");
            Node(graph, "MatMul", "scores", null, "q3", "k2");
            Node(graph, "Softmax", "weights", node => OnnxModel.Integer(node, "axis", -1), "scores");
            Node(graph, "MatMul", "mixed", null, "weights", "v2");
            Node(graph, "Transpose", "rows", node => OnnxModel.Integers(node, "perm", 0, 2, 1, 3), "mixed");
            Node(graph, "Reshape", "joined", null, "rows", "joined shape");
            Node(graph, "MatMul", "out", null, "joined", "Wo");
            Node(graph, "Add", "Y", null, "out", "Bo");
            OnnxModel.Initializer(graph, "Wi", Transposed(inputWeight, 3 * width, width), width, 3 * width);
            OnnxModel.Initializer(graph, "Bi", inputBias, 3 * width);
            OnnxModel.Initializer(graph, "Wo", Transposed(outputWeight, width, width), width, width);
            OnnxModel.Initializer(graph, "Bo", outputBias, width);
            OnnxModel.Initializer(graph, "factor", [1f / MathF.Sqrt(width / heads)], 1);
            Longs(graph, "split shape", 1, length, heads, width / heads);
            Longs(graph, "joined shape", 1, length, width);
        },
        [1, length, width],
        [1, length, width]);

    private static void Node(ProtoWriter graph, string kind, string output, Action<ProtoWriter>? attributes, params string[] inputs) => graph.Message(1, node =>
    {
        foreach (string input in inputs)
        {
            node.Text(1, input);
        }

        node.Text(2, output).Text(3, "make " + output).Text(4, kind);
        attributes?.Invoke(node);
    });

    private static void Longs(ProtoWriter graph, string name, params long[] values)
    {
        ProtoWriter tensor = new();
        tensor.Integer(1, values.Length).Integer(2, Long).Text(8, name).Bytes(9, MemoryMarshal.AsBytes(values.AsSpan()));
        graph.Bytes(5, tensor.ToArray());
    }

    private static float[] Ordered(float[] values, int each, int[] order)
    {
        float[] ordered = new float[values.Length];
        for (int i = 0; i < order.Length; i++)
        {
            values.AsSpan(order[i] * each, each).CopyTo(ordered.AsSpan(i * each));
        }

        return ordered;
    }

    private static float[] Transposed(float[] values, int rows, int columns)
    {
        float[] transposed = new float[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            transposed[(i % columns * rows) + (i / columns)] = values[i];
        }

        return transposed;
    }
}
