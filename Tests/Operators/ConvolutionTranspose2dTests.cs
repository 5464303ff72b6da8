using System;
using System.Collections.Generic;
using FsCheck.Xunit;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.Kernels.Convolution;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class ConvolutionTranspose2dTests
{
    [Property(MaxTest = 30)]
    public void GradientsMatchCentralDifferencesOfTheReferenceInDouble(int seed)
    {
        ConvolutionGeometry geometry = Small(seed);
        const int Batch = 2;
        Operands operands = new(geometry, Batch, seed);
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        operands.Watch();
        Tensor output = context.ConvTranspose2d(operands.Input, operands.Weight, operands.Bias, geometry);
        tape.Backward(output, operands.CoVector);

        double[] x = ConvolutionCases.Doubles(operands.Input.Span);
        double[] w = ConvolutionCases.Doubles(operands.Weight.Span);
        double[] b = ConvolutionCases.Doubles(operands.Bias.Span);
        Differences(operands.Input, x);
        Differences(operands.Weight, w);
        Differences(operands.Bias, b);

        void Differences(Tensor tensor, double[] values)
        {
            var expected = new double[values.Length];
            for (int i = 0; i < values.Length; i++)
            {
                double value = values[i];
                values[i] = value + 0.5;
                double above = Loss(geometry, Batch, x, w, b, operands.CoVector);
                values[i] = value - 0.5;
                expected[i] = above - Loss(geometry, Batch, x, w, b, operands.CoVector);
                values[i] = value;
            }

            double terms = Batch * geometry.InPixels * geometry.OutChannels;
            ConvolutionCases.Close(expected, Tape.GradientOf(tensor).Span, terms, $"gradient of {tensor} in {geometry}");
        }
    }

    [Property(MaxTest = 40)]
    public void SelectedPixelsEqualTheDenseOnesAndPassNoOtherGradient(int seed)
    {
        ConvolutionGeometry geometry = seed % 3 == 0 ? SmallDepthwise(seed) : Small(seed);
        const int Batch = 3;
        int channels = geometry.InChannels;
        using Workers workers = new(2);
        foreach (bool compact in new[] { false, true })
        {
            Operands operands = new(geometry, Batch, seed);
            Context context = new(workers);
            Selection pixels = Select(context, geometry, Batch, seed);
            int[] rows = Rows(geometry, Batch, pixels);
            float[] masked = ConvolutionCases.KeepRows(operands.CoVector, channels, rows);
            Tensor dense;
            float[][] expected;
            using (Tape tape = new(context.Workspace))
            {
                context.Tape = tape;
                operands.Watch();
                dense = context.ConvTranspose2d(operands.Input, operands.Weight, operands.Bias, geometry);
                float[] all = dense.ToArray();
                tape.Backward(dense, masked);
                expected = operands.TakeGradients();

                Tensor found = context.ConvTranspose2d(operands.Input, operands.Weight, operands.Bias, geometry, pixels, compact);
                float[] wanted = compact ? ConvolutionCases.GatherRows(all, channels, rows) : ConvolutionCases.KeepRows(all, channels, rows);
                Assert.Equal(wanted, found.ToArray());
                if (rows.Length > 0 || !compact)
                {
                    tape.Backward(found, compact ? ConvolutionCases.GatherRows(operands.CoVector, channels, rows) : operands.CoVector);
                    float[][] gradients = operands.TakeGradients();
                    for (int i = 0; i < expected.Length; i++)
                    {
                        ConvolutionCases.SameBits(expected[i], gradients[i], $"gradient {i} of {geometry}, compact {compact}");
                    }
                }
            }
        }
    }

    [Fact]
    public void BatchesAndPackedWeightsGiveTheSameBits()
    {
        for (int seed = 0; seed < 12; seed++)
        {
            ConvolutionGeometry geometry = seed % 2 == 0 ? Small(seed) : SmallDepthwise(seed);
            Operands operands = new(geometry, 3, seed);
            using Workers workers = new(3);
            Context context = new(workers);
            PackedTransposedWeight packed = new(geometry, operands.Weight.Span);
            float[] together = context.ConvTranspose2d(operands.Input, operands.Weight, operands.Bias, geometry).ToArray();
            Assert.Equal(together, context.ConvTranspose2d(operands.Input, operands.Weight, operands.Bias, geometry, packed: packed).ToArray());
            for (int sample = 0; sample < 3; sample++)
            {
                Context own = new();
                Tensor input = operands.Input.Rows(sample, 1);
                float[] alone = own.ConvTranspose2d(input, operands.Weight, operands.Bias, geometry).ToArray();
                Assert.Equal(together.AsSpan(sample * geometry.InElements, geometry.InElements).ToArray(), alone);
            }
        }
    }

    [Fact]
    public void WarmInferenceAllocatesNothing()
    {
        foreach (ConvolutionGeometry geometry in new[] { Small(3), SmallDepthwise(4) })
        {
            Operands operands = new(geometry, 2, 1);
            Context context = new();
            Selection pixels = Select(context, geometry, 2, 1);
            PackedTransposedWeight packed = new(geometry, operands.Weight.Span);
            AllocationAssert.None(() =>
            {
                using WorkspaceScope scope = context.Workspace.Enter();
                context.ConvTranspose2d(operands.Input, operands.Weight, operands.Bias, geometry);
                context.ConvTranspose2d(operands.Input, operands.Weight, operands.Bias, geometry, pixels, compact: true, packed);
            });
        }
    }

    [Fact]
    public void CountsTheShareOfSelectedPixels()
    {
        ConvolutionGeometry geometry = ConvolutionGeometry.Transposed(3, 4, 3, 3, 5, 5, 2, 2, 1, 1, 1, 1);
        Operands operands = new(geometry, 2, 1);
        Context context = new() { Meter = new ComputeMeter() };
        context.Meter.Begin(2);
        Selection half = context.Workspace.Select(geometry.InPixels, [0, 50, 50], Ascending(50));
        context.ConvTranspose2d(operands.Input, operands.Weight, operands.Bias, geometry, half);
        Assert.Equal(25L * 9 * 12 / 2, context.Meter.ExecutedMacs(0));
        Assert.Equal(0, context.Meter.ExecutedMacs(1));
        Assert.Equal(25L * 9 * 12, context.Meter.DenseMacs(0));
        Assert.Equal(25L * 9 * 12, context.Meter.DenseMacs(1));
    }

    [Fact]
    public void RefusesShapesThatDoNotFit()
    {
        ConvolutionGeometry geometry = ConvolutionGeometry.Transposed(3, 4, 3, 3, 5, 5, 2, 2);
        Operands operands = new(geometry, 1, 1);
        Context context = new();
        Assert.Contains(
            "expected [N, 5, 5, 3]",
            Assert.Throws<ArgumentException>(() => context.ConvTranspose2d(operands.Weight, operands.Weight, default, geometry)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => context.ConvTranspose2d(operands.Input, operands.Input, default, geometry));
        Assert.Throws<ArgumentException>(() => context.ConvTranspose2d(operands.Input, operands.Weight, operands.Weight, geometry));
        PackedTransposedWeight other = new(ConvolutionGeometry.Transposed(3, 4, 3, 3, 5, 5, 1, 1), operands.Weight.Span);
        Assert.Throws<ArgumentException>(() => context.ConvTranspose2d(operands.Input, operands.Weight, default, geometry, packed: other));
    }

    private static int[] Ascending(int count)
    {
        var values = new int[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = i;
        }

        return values;
    }

    private static ConvolutionGeometry Small(int seed)
    {
        var random = new ConvolutionCases.Numbers(seed);
        int groups = random.Next(1, 3);
        int kernelHeight = random.Next(1, 4), kernelWidth = random.Next(1, 4);
        int strideHeight = random.Next(1, 4), strideWidth = random.Next(1, 4);
        int dilationHeight = random.Next(1, 3), dilationWidth = random.Next(1, 3);
        return ConvolutionGeometry.Transposed(
            groups * random.Next(1, 4), groups * random.Next(1, 4), kernelHeight, kernelWidth, random.Next(2, 5), random.Next(2, 5),
            strideHeight, strideWidth, random.Next((((kernelHeight - 1) * dilationHeight) / 2) + 1),
            random.Next((((kernelWidth - 1) * dilationWidth) / 2) + 1), random.Next(Math.Max(strideHeight, dilationHeight)),
            random.Next(Math.Max(strideWidth, dilationWidth)), dilationHeight, dilationWidth, groups);
    }

    private static ConvolutionGeometry SmallDepthwise(int seed)
    {
        var random = new ConvolutionCases.Numbers(seed);
        int channels = random.Next(1, 20);
        return ConvolutionGeometry.Transposed(
            channels, channels, random.Next(1, 4), random.Next(1, 4), random.Next(2, 5), random.Next(2, 5), random.Next(1, 3), random.Next(1, 3),
            groups: channels);
    }

    // The reference knows the convolution that is transposed: this is its input gradient.
    private static double Loss(in ConvolutionGeometry geometry, int batch, double[] x, double[] w, double[] b, float[] coVector)
    {
        var y = new double[batch * geometry.InElements];
        ConvolutionGradientReference.AddInputGradient<double>(geometry, batch, x, w, y);
        double loss = 0;
        for (int i = 0; i < y.Length; i++)
        {
            loss += (y[i] + b[i % b.Length]) * coVector[i];
        }

        return loss;
    }

    // Pixels of what the transposed convolution yields, which is the geometry's input.
    private static Selection Select(Context context, in ConvolutionGeometry geometry, int batch, int seed)
    {
        var random = new ConvolutionCases.Numbers(seed + 5);
        var offsets = new int[batch + 1];
        var indices = new List<int>();
        for (int sample = 0; sample < batch; sample++)
        {
            for (int pixel = 0; pixel < geometry.InPixels; pixel++)
            {
                if (random.Next(3) == sample)
                {
                    indices.Add(pixel);
                }
            }

            offsets[sample + 1] = indices.Count;
        }

        return context.Workspace.Select(geometry.InPixels, offsets, indices.ToArray());
    }

    private static int[] Rows(in ConvolutionGeometry geometry, int batch, Selection pixels)
    {
        var rows = new List<int>();
        for (int sample = 0; sample < batch; sample++)
        {
            foreach (int pixel in pixels.Row(sample))
            {
                rows.Add((sample * geometry.InPixels) + pixel);
            }
        }

        return rows.ToArray();
    }

    private sealed class Operands
    {
        public Operands(in ConvolutionGeometry geometry, int batch, int seed)
        {
            Shape input = new(batch, geometry.OutHeight, geometry.OutWidth, geometry.OutChannels);
            Shape weight = new(geometry.OutChannels, geometry.InChannelsPerGroup, geometry.KernelHeight, geometry.KernelWidth);
            Input = Tensor.From(input, ConvolutionCases.Values(input.Count, seed + 1));
            Weight = Tensor.From(weight, ConvolutionCases.Values(weight.Count, seed + 2));
            Bias = Tensor.From(new Shape(geometry.InChannels), ConvolutionCases.Values(geometry.InChannels, seed + 3));
            CoVector = ConvolutionCases.Values(batch * geometry.InElements, seed + 4);
        }

        public Tensor Input { get; }

        public Tensor Weight { get; }

        public Tensor Bias { get; }

        public float[] CoVector { get; }

        public void Watch()
        {
            Tape.Watch(Input);
            Tape.Watch(Weight);
            Tape.Watch(Bias);
        }

        public float[][] TakeGradients()
        {
            Tensor[] tensors = [Tape.GradientOf(Input), Tape.GradientOf(Weight), Tape.GradientOf(Bias)];
            var values = new float[3][];
            for (int i = 0; i < 3; i++)
            {
                values[i] = tensors[i].ToArray();
                tensors[i].Span.Clear();
            }

            return values;
        }
    }
}
