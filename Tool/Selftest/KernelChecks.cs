using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Tool.Selftest;

/// <summary>Kernels against plain loops in double, and the laws of selections, on small cases with awkward sizes.</summary>
public static class KernelChecks
{
    private const ulong Seed = 20260101;
    private const double Bound = 2e-6;

    private static readonly ConvolutionGeometry[] Geometries =
    [
        new(3, 16, 3, 3, 13, 11, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1),
        new(5, 7, 3, 3, 12, 12, strideHeight: 2, strideWidth: 2, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1),
        new(33, 9, 1, 1, 6, 7),
        new(8, 12, 5, 3, 11, 9, padTop: 2, padLeft: 0, padBottom: 2, padRight: 2, dilationHeight: 2),
        new(12, 12, 3, 3, 10, 10, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1, groups: 12),
        new(8, 12, 3, 3, 9, 9, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1, groups: 4),
    ];

    public static IEnumerable<SelfCheck> All =>
    [
        new("matrix product", "equals a plain loop in double", MatrixProduct),
        new("convolution", "equals a plain loop in double, with strides, padding, dilation, groups", Convolution),
        new("pixel selection", "computed pixels have the bits of the dense result, the others are zero", PixelSelection),
        new("gradient", "a convolution's gradient equals differences of its loss", Gradient),
        new("same bits", "a kernel's bits do not depend on threads or repetition", SameBits),
    ];

    private static string MatrixProduct()
    {
        RandomStream random = new RandomSource(Seed).Stream("matrix");
        double worst = 0;
        foreach ((int m, int n, int k) in new[] { (1, 1, 1), (7, 5, 3), (13, 17, 33), (64, 48, 31) })
        {
            Context context = new() { Accuracy = Accuracy.Exact };
            Tensor left = Fill(new Shape(m, k), random, m);
            Tensor right = Fill(new Shape(k, n), random, 1000 + n);
            Tensor product = context.MatMul(left, right);
            for (int i = 0; i < m; i++)
            {
                for (int j = 0; j < n; j++)
                {
                    double sum = 0;
                    for (int p = 0; p < k; p++)
                    {
                        sum += (double)left.Span[(i * k) + p] * right.Span[(p * n) + j];
                    }

                    worst = Math.Max(worst, Math.Abs(sum - product.Span[(i * n) + j]) / Math.Sqrt(k));
                }
            }
        }

        return Within(worst);
    }

    private static string Convolution()
    {
        RandomStream random = new RandomSource(Seed).Stream("convolution");
        double worst = 0;
        foreach (ConvolutionGeometry geometry in Geometries)
        {
            foreach (Accuracy accuracy in new[] { Accuracy.Exact, Accuracy.Fast })
            {
                Context context = new() { Accuracy = accuracy };
                (Tensor input, Tensor weight, Tensor bias) = Operands(geometry, 2, random);
                Tensor output = context.Conv2d(input, weight, bias, geometry);
                worst = Math.Max(worst, WorstError(geometry, input, weight, bias, output));
            }
        }

        return Within(worst);
    }

    private static string PixelSelection()
    {
        RandomStream random = new RandomSource(Seed).Stream("selection");
        int selected = 0;
        foreach (ConvolutionGeometry geometry in Geometries)
        {
            Context context = new() { Accuracy = Accuracy.Exact };
            (Tensor input, Tensor weight, Tensor bias) = Operands(geometry, 2, random);
            float[] dense = context.Conv2d(input, weight, bias, geometry).ToArray();
            List<int> indices = [];
            int[] offsets = new int[3];
            for (int sample = 0; sample < 2; sample++)
            {
                for (int pixel = 0; pixel < geometry.OutPixels; pixel++)
                {
                    if (random.Uniform(0, sample, pixel) < 0.3f)
                    {
                        indices.Add(pixel);
                    }
                }

                offsets[sample + 1] = indices.Count;
            }

            Selection pixels = context.Workspace.Select(geometry.OutPixels, offsets, indices.ToArray());
            Tensor sparse = context.Conv2d(input, weight, bias, geometry, new Conv2dSelection { Pixels = pixels });
            for (int sample = 0; sample < 2; sample++)
            {
                List<int> row = indices.GetRange(offsets[sample], offsets[sample + 1] - offsets[sample]);
                for (int pixel = 0; pixel < geometry.OutPixels; pixel++)
                {
                    bool isActive = row.Contains(pixel);
                    for (int channel = 0; channel < geometry.OutChannels; channel++)
                    {
                        int at = (((sample * geometry.OutPixels) + pixel) * geometry.OutChannels) + channel;
                        float expected = isActive ? dense[at] : 0f;
                        SelfCheckException.Require(
                            BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(sparse.Span[at]),
                            string.Create(CultureInfo.InvariantCulture, $"pixel {pixel} channel {channel} is {sparse.Span[at]:R}; expected {expected:R} ({geometry})"));
                    }
                }
            }

            selected += indices.Count;
        }

        return $"{selected} pixels bit for bit";
    }

    private static string Gradient()
    {
        RandomStream random = new RandomSource(Seed).Stream("gradient");
        ConvolutionGeometry geometry = new(3, 4, 3, 3, 6, 5, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1);
        (Tensor input, Tensor weight, Tensor bias) = Operands(geometry, 1, random);
        float[] direction = Fill(new Shape(geometry.OutElements), random, 99).ToArray();
        Context context = new() { Accuracy = Accuracy.Exact };
        Tape.Watch(weight);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor output = context.Conv2d(input, weight, bias, geometry);
        tape.Backward(output, direction);
        float[] gradient = Tape.GradientOf(weight).ToArray();
        double worst = 0;
        for (int i = 0; i < gradient.Length; i++)
        {
            // The convolution is linear in its weight: the derivative is the loss of a unit step, computed in double.
            Tensor unit = Tensor.Zeros(weight.Shape);
            unit.Span[i] = 1;
            double expected = 0;
            for (int o = 0; o < direction.Length; o++)
            {
                expected += direction[o] * Reference(geometry, input, unit, default, 0, o / geometry.OutChannels, o % geometry.OutChannels);
            }

            worst = Math.Max(worst, Math.Abs(expected - gradient[i]) / Math.Sqrt(geometry.OutPixels));
        }

        return Within(worst);
    }

    private static string SameBits()
    {
        RandomStream random = new RandomSource(Seed).Stream("bits");
        ConvolutionGeometry geometry = new(24, 40, 3, 3, 17, 15, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1);
        (Tensor input, Tensor weight, Tensor bias) = Operands(geometry, 3, random);
        string? first = null;
        foreach (int threads in new[] { 1, 2, 3 })
        {
            using Workers workers = new(threads);
            Context context = new(workers);
            for (int repetition = 0; repetition < 3; repetition++)
            {
                string hash = Fingerprint.Of(context.Conv2d(input, weight, bias, geometry).Span);
                first ??= hash;
                SelfCheckException.Require(hash == first, $"{threads} threads give {hash}; expected {first}");
            }
        }

        return "bits " + first;
    }

    private static (Tensor Input, Tensor Weight, Tensor Bias) Operands(ConvolutionGeometry geometry, int batch, RandomStream random) =>
    (
        Fill(new Shape(batch, geometry.InHeight, geometry.InWidth, geometry.InChannels), random, 1),
        Fill(new Shape(geometry.OutChannels, geometry.InChannelsPerGroup, geometry.KernelHeight, geometry.KernelWidth), random, 2),
        Fill(new Shape(geometry.OutChannels), random, 3));

    private static Tensor Fill(Shape shape, RandomStream random, int sample)
    {
        Tensor tensor = Tensor.Zeros(shape);
        random.FillNormal(tensor.Span, 0, sample);
        return tensor;
    }

    private static double WorstError(ConvolutionGeometry geometry, Tensor input, Tensor weight, Tensor bias, Tensor output)
    {
        double worst = 0;
        double scale = Math.Sqrt(geometry.InChannelsPerGroup * geometry.Taps);
        for (int i = 0; i < output.Count; i++)
        {
            int channel = i % geometry.OutChannels;
            int pixel = i / geometry.OutChannels % geometry.OutPixels;
            int sample = i / geometry.OutElements;
            worst = Math.Max(worst, Math.Abs(Reference(geometry, input, weight, bias, sample, pixel, channel) - output.Span[i]) / scale);
        }

        return worst;
    }

    private static double Reference(ConvolutionGeometry geometry, Tensor input, Tensor weight, Tensor bias, int sample, int pixel, int channel)
    {
        int perGroup = geometry.InChannelsPerGroup;
        int firstIn = channel / geometry.OutChannelsPerGroup * perGroup;
        double sum = bias.Exists ? bias.Span[channel] : 0;
        for (int ky = 0; ky < geometry.KernelHeight; ky++)
        {
            int y = (pixel / geometry.OutWidth * geometry.StrideHeight) - geometry.PadTop + (ky * geometry.DilationHeight);
            for (int kx = 0; kx < geometry.KernelWidth; kx++)
            {
                int x = (pixel % geometry.OutWidth * geometry.StrideWidth) - geometry.PadLeft + (kx * geometry.DilationWidth);
                if ((uint)y >= (uint)geometry.InHeight || (uint)x >= (uint)geometry.InWidth)
                {
                    continue;
                }

                int from = (((((sample * geometry.InHeight) + y) * geometry.InWidth) + x) * geometry.InChannels) + firstIn;
                for (int c = 0; c < perGroup; c++)
                {
                    sum += (double)input.Span[from + c]
                        * weight.Span[(((((channel * perGroup) + c) * geometry.KernelHeight) + ky) * geometry.KernelWidth) + kx];
                }
            }
        }

        return sum;
    }

    private static string Within(double worst)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"largest error {worst:0.0e+0}");
        SelfCheckException.Require(worst <= Bound, string.Create(CultureInfo.InvariantCulture, $"{text}; expected at most {Bound:0e+0}"));
        return text;
    }
}
