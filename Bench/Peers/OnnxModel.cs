using System;
using System.Globalization;
using System.Runtime.InteropServices;

namespace ManagedDyn.Bench.Peers;

/// <summary>Small ONNX models, float32, opset 13, as bytes.</summary>
internal static class OnnxModel
{
    private const int Float = 1;

    /// <summary>A chain of equal convolutions, or a single one: X [n, c, h, w] to Y.</summary>
    public static byte[] Convolutions(int links, int batch, int inChannels, int height, int width, int outChannels, int kernel, int stride, int pad, int groups, float[] weights)
    {
        int outHeight = ((height + (2 * pad) - kernel) / stride) + 1;
        int outWidth = ((width + (2 * pad) - kernel) / stride) + 1;
        return Model(
            graph =>
            {
                for (int i = 0; i < links; i++)
                {
                    string from = i == 0 ? "X" : Link(i);
                    string to = i == links - 1 ? "Y" : Link(i + 1);
                    graph.Message(1, node =>
                    {
                        node.Text(1, from).Text(1, "W").Text(2, to).Text(3, "conv" + Link(i)).Text(4, "Conv");
                        Integers(node, "kernel_shape", kernel, kernel);
                        Integers(node, "pads", pad, pad, pad, pad);
                        Integers(node, "strides", stride, stride);
                        Integer(node, "group", groups);
                    });
                }

                Initializer(graph, "W", weights, outChannels, inChannels / groups, kernel, kernel);
            },
            [batch, inChannels, height, width],
            [batch, outChannels, outHeight, outWidth]);
    }

    /// <summary>Y = X · W with X [m, k] and W [k, n] constant.</summary>
    public static byte[] MatrixMultiply(int m, int n, int k, float[] weights) => Model(
        graph =>
        {
            graph.Message(1, node => node.Text(1, "X").Text(1, "W").Text(2, "Y").Text(3, "matmul").Text(4, "MatMul"));
            Initializer(graph, "W", weights, k, n);
        },
        [m, k],
        [m, n]);

    internal static byte[] Model(Action<ProtoWriter> nodes, long[] input, long[] output)
    {
        ProtoWriter model = new();
        model.Integer(1, 8).Message(7, graph =>
        {
            nodes(graph);
            graph.Text(2, "g");
            Value(graph, 11, "X", input);
            Value(graph, 12, "Y", output);
        });
        model.Message(8, opset => opset.Text(1, string.Empty).Integer(2, 13));
        return model.ToArray();
    }

    private static string Link(int index) => "L" + index.ToString(CultureInfo.InvariantCulture);

    internal static void Initializer(ProtoWriter graph, string name, float[] values, params ReadOnlySpan<int> shape)
    {
        ProtoWriter tensor = new();
        foreach (int extent in shape)
        {
            tensor.Integer(1, extent);
        }

        tensor.Integer(2, Float).Text(8, name).Bytes(9, MemoryMarshal.AsBytes(values.AsSpan()));
        graph.Bytes(5, tensor.ToArray());
    }

    private static void Value(ProtoWriter graph, int field, string name, long[] shape) =>
        graph.Message(field, value => value.Text(1, name).Message(2, type => type.Message(1, tensor =>
        {
            tensor.Integer(1, Float).Message(2, dimensions =>
            {
                foreach (long extent in shape)
                {
                    dimensions.Message(1, dimension => dimension.Integer(1, extent));
                }
            });
        })));

    internal static void Integers(ProtoWriter node, string name, params int[] values) => node.Message(5, attribute =>
    {
        attribute.Text(1, name);
        foreach (int value in values)
        {
            attribute.Integer(8, value);
        }

        attribute.Integer(20, 7);
    });

    internal static void Integer(ProtoWriter node, string name, int value) =>
        node.Message(5, attribute => attribute.Text(1, name).Integer(3, value).Integer(20, 2));
}
