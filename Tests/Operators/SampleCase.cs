using System;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Mixing;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.Kernels.Convolution;

namespace ManagedDyn.Tests.Operators;

/// <summary>A random convolution with several kernels: small, with any stride, padding, dilation and groups.</summary>
internal sealed class SampleCase
{
    private readonly int _seed;

    public SampleCase(int seed)
    {
        _seed = seed;
        Random random = new(seed);
        int groups = random.Next(4) == 0 ? 2 : 1;
        bool isDepthwise = random.Next(4) == 0;
        int inChannels = isDepthwise ? random.Next(1, 12) : groups * random.Next(1, 6);
        int outChannels = isDepthwise ? inChannels : groups * random.Next(1, 12);
        int kernel = random.Next(4) switch { 0 => 1, 1 => 5, _ => 3 };
        int stride = random.Next(3) == 0 ? 2 : 1;
        int pad = random.Next(3);
        int dilation = kernel == 3 && random.Next(4) == 0 ? 2 : 1;
        int least = Math.Max(1, (dilation * (kernel - 1)) + 1 - (2 * pad));
        Geometry = new ConvolutionGeometry(
            inChannels, outChannels, kernel, kernel, least + random.Next(5), least + random.Next(5), stride, stride, pad, pad, pad, pad, dilation, dilation,
            isDepthwise ? inChannels : groups);
        Batch = random.Next(1, 4) == 1 ? 10 : random.Next(1, 4);
        Count = random.Next(1, 6);
        HasBias = random.Next(2) == 0;
        Kernel = new Shape(outChannels, Geometry.InChannelsPerGroup, kernel, kernel);
    }

    public ConvolutionGeometry Geometry { get; }

    public int Batch { get; }

    public int Count { get; }

    public bool HasBias { get; }

    public Shape Kernel { get; }

    public Shape Input => new(Batch, Geometry.InHeight, Geometry.InWidth, Geometry.InChannels);

    public Shape Coefficients => new(Batch, Count);

    public Shape Experts => new(Count, Kernel[0], Kernel[1], Kernel[2], Kernel[3]);

    public Shape Biases => new(Count, Geometry.OutChannels);

    public Shape Weights => Experts.With(0, Batch);

    public Shape Shifts => new(Batch, Geometry.OutChannels);

    public static float[][] Values(Shape[] shapes, int seed)
    {
        float[][] values = new float[shapes.Length][];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ConvolutionCases.Values(shapes[i].Count, seed + i);
        }

        return values;
    }

    public Tensor Tensor(Shape shape, int which) => Engine.Tensors.Tensor.From(shape, ConvolutionCases.Values(shape.Count, (_seed * 31) + which));

    /// <summary>The mixture of each sample.</summary>
    public double[] Mix(double[] coefficients, double[] experts, int length)
    {
        double[] mixed = new double[Batch * length];
        for (int n = 0; n < Batch; n++)
        {
            ExpertMix.Reference<double>(coefficients.AsSpan(n * Count, Count), experts, mixed.AsSpan(n * length, length));
        }

        return mixed;
    }

    /// <summary>The convolution of each sample with its own kernel and bias.</summary>
    public double[] Convolve(double[] input, double[] weights, double[]? biases)
    {
        double[] output = new double[Batch * Geometry.OutElements];
        for (int n = 0; n < Batch; n++)
        {
            Span<double> own = output.AsSpan(n * Geometry.OutElements, Geometry.OutElements);
            ConvolutionReference.Forward<double>(
                Geometry, input.AsSpan(n * Geometry.InElements, Geometry.InElements), weights.AsSpan(n * Geometry.WeightElements, Geometry.WeightElements), own);
            for (int i = 0; biases is not null && i < own.Length; i++)
            {
                own[i] += biases[(n * Geometry.OutChannels) + (i % Geometry.OutChannels)];
            }
        }

        return output;
    }

    public override string ToString() => $"seed {_seed}: {Count} kernels, batch {Batch}, {Geometry}";
}
