using System;
using System.Globalization;
using ManagedDyn.Bench.Compare;
using ManagedDyn.Layers.Models;

namespace ManagedDyn.Bench.Peers;

/// <summary>A dense residual network as an ONNX model, normalisations folded into the convolutions as a deployed model has them.</summary>
internal sealed class OnnxResNet
{
    private readonly ProtoWriter _graph;
    private int _count;

    private OnnxResNet(ProtoWriter graph) => _graph = graph;

    /// <summary>Builds the model: X [1, channels, height, width] to Y [1, classes].</summary>
    public static byte[] Build(SparseResNetOptions options) => OnnxModel.Model(
        graph => new OnnxResNet(graph).Network(options),
        [1, options.InputChannels, options.Height, options.Width],
        [1, options.Classes]);

    private void Network(SparseResNetOptions options)
    {
        int channels = options.Expansion == 0 ? options.Channels[0] : options.Channels[0] / options.Expansion;
        string current = Rectify(Convolve("X", options.InputChannels, channels, 7, 2));
        current = Pool(current);
        for (int group = 0; group < options.Channels.Length; group++)
        {
            int width = options.Channels[group];
            for (int block = 0; block < options.Blocks[group]; block++)
            {
                int stride = group > 0 && block == 0 ? 2 : 1;
                string shortcut = stride == 1 && channels == width ? current : Convolve(current, channels, width, 1, stride);
                current = Rectify(Add(Branch(current, channels, width, stride, options.Expansion), shortcut));
                channels = width;
            }
        }

        string pooled = Node("GlobalAveragePool", null, current);
        string flat = Node("Flatten", null, pooled);
        string weight = Weight(options.Classes, channels);
        _graph.Message(1, node =>
        {
            node.Text(1, flat).Text(1, weight).Text(2, "Y").Text(3, "classifier").Text(4, "Gemm");
            OnnxModel.Integer(node, "transB", 1);
        });
    }

    private string Branch(string from, int ins, int outs, int stride, int expansion)
    {
        if (expansion == 0)
        {
            return Convolve(Rectify(Convolve(from, ins, outs, 3, stride)), outs, outs, 3, 1);
        }

        int inner = outs / expansion;
        string narrow = Rectify(Convolve(from, ins, inner, 1, 1));
        return Convolve(Rectify(Convolve(narrow, inner, inner, 3, stride)), inner, outs, 1, 1);
    }

    private string Convolve(string from, int ins, int outs, int kernel, int stride)
    {
        string weight = Weight(outs, ins, kernel, kernel);
        string bias = Weight(outs);
        string to = Name("t");
        _graph.Message(1, node =>
        {
            node.Text(1, from).Text(1, weight).Text(1, bias).Text(2, to).Text(3, to).Text(4, "Conv");
            OnnxModel.Integers(node, "kernel_shape", kernel, kernel);
            OnnxModel.Integers(node, "pads", kernel / 2, kernel / 2, kernel / 2, kernel / 2);
            OnnxModel.Integers(node, "strides", stride, stride);
        });
        return to;
    }

    private string Pool(string from) => Node("MaxPool", static node =>
    {
        OnnxModel.Integers(node, "kernel_shape", 3, 3);
        OnnxModel.Integers(node, "pads", 1, 1, 1, 1);
        OnnxModel.Integers(node, "strides", 2, 2);
    }, from);

    private string Rectify(string from) => Node("Relu", null, from);

    private string Add(string left, string right) => Node("Add", null, left, right);

    private string Node(string kind, Action<ProtoWriter>? attributes, params string[] inputs)
    {
        string to = Name("t");
        _graph.Message(1, node =>
        {
            foreach (string input in inputs)
            {
                node.Text(1, input);
            }

            node.Text(2, to).Text(3, to).Text(4, kind);
            attributes?.Invoke(node);
        });
        return to;
    }

    private string Weight(params ReadOnlySpan<int> shape)
    {
        int count = 1;
        int fan = 1;
        for (int i = 0; i < shape.Length; i++)
        {
            count *= shape[i];
            fan *= i == 0 ? 1 : shape[i];
        }

        float[] values = Numbers.Random(count, ++_count);
        foreach (ref float value in values.AsSpan())
        {
            value /= MathF.Sqrt(fan);
        }

        string name = Name("w");
        OnnxModel.Initializer(_graph, name, values, shape);
        return name;
    }

    private string Name(string prefix) => prefix + (++_count).ToString(CultureInfo.InvariantCulture);
}
