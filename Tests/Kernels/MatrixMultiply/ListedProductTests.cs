using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Kernels.MatrixMultiply;

public class ListedProductTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 8)]
    [InlineData(8, 17)]
    [InlineData(33, 16)]
    [InlineData(70, 131)]
    public void Listed_outputs_of_listed_inputs_have_the_bits_of_the_reference(int inputs, int outputs)
    {
        float[] weight = GradientCheck.Values(outputs * inputs, 3);
        float[] bias = GradientCheck.Values(outputs, 4);
        float[] input = GradientCheck.Values(inputs, 5, 2);
        float[] packed = new float[Panel.Length(inputs, outputs)];
        Panel.PackTransposed(weight, inputs, outputs, packed);
        foreach (int[] ins in Lists(inputs))
        {
            foreach (int[] outs in Lists(outputs))
            {
                for (int form = 0; form < 8; form++)
                {
                    ActiveList from = (form & 1) == 0 ? ActiveList.Of(ins) : ActiveList.CompactOf(ins);
                    ActiveList to = (form & 2) == 0 ? ActiveList.Of(outs) : ActiveList.CompactOf(outs);
                    float[] added = (form & 4) == 0 ? bias : [];
                    float[] values = from.IsCompact ? Array.ConvertAll(ins, i => input[i]) : input;
                    float[] output = new float[to.Width(outputs)];
                    Array.Fill(output, 7);
                    int half = ListedProduct.Pieces(outputs) / 2;
                    ListedProduct.Run(values, packed, added, in from, inputs, in to, outputs, output, half..);
                    ListedProduct.Run(values, packed, added, in from, inputs, in to, outputs, output, ..half);
                    float[] expected = new float[output.Length];
                    Array.Fill(expected, 7);
                    for (int k = 0; k < outs.Length; k++)
                    {
                        float sum = 0;
                        foreach (int i in ins)
                        {
                            sum = float.MultiplyAddEstimate(input[i], weight[(outs[k] * inputs) + i], sum);
                        }

                        expected[to.IsCompact ? k : outs[k]] = added.Length == 0 ? sum : sum + added[outs[k]];
                    }

                    GradientCheck.SameBits(expected, output, $"{ins.Length} of {inputs} to {outs.Length} of {outputs}, form {form}");
                }
            }
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(3, 3)]
    public void A_linear_layer_gives_what_it_gives_without_its_packed_weight(int rows, int threads)
    {
        const int Inputs = 320;
        const int Outputs = 416;
        using Workers workers = new(threads);
        Context context = new(workers) { Meter = new ComputeMeter() };
        Tensor weight = Tensor.From(new Shape(Outputs, Inputs), GradientCheck.Values(Outputs * Inputs, 1));
        Tensor bias = Tensor.From(new Shape(Outputs), GradientCheck.Values(Outputs, 2));
        PackedWeight packed = PackedWeight.ForLinear(Inputs, Outputs, weight.Span);
        List<int> indices = [];
        int[] offsets = new int[rows + 1];
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < Inputs; i++)
            {
                if (((i / 16) + row) % 3 == 0)
                {
                    indices.Add(i);
                }
            }

            offsets[row + 1] = indices.Count;
        }

        Selection own = context.Workspace.Select(Inputs, offsets, indices.ToArray());
        Selection units = context.Workspace.SelectFirst(Outputs, [.. new[] { 40, 0, 416 }.AsSpan(0, rows)]);
        Tensor input = Tensor.From(new Shape(rows, Inputs), GradientCheck.Values(rows * Inputs, 3));
        foreach (Conv2dSelection features in new Conv2dSelection[] { default, new() { OutChannels = units }, new() { InChannels = own }, new() { InChannels = own, OutChannels = units } })
        {
            context.Meter.Begin(rows);
            float[] expected = context.Linear(input, weight, bias, in features).ToArray();
            long macs = context.Meter.ExecutedMacs(0);
            context.Meter.Begin(rows);
            Tensor found = context.Linear(input, weight, bias, in features, packed);
            GradientCheck.SameBits(expected, found.Span, $"{features.InChannels} to {features.OutChannels}");
            Assert.Equal(macs, context.Meter.ExecutedMacs(0));
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        float[] packed = new float[Panel.Length(4, 3)];
        int[] outside = [4];
        Assert.Throws<ArgumentException>(() => ListedProduct.Run(new float[3], packed, default, default, 4, default, 3, new float[3], ..));
        Assert.Throws<ArgumentException>(() => ListedProduct.Run(new float[4], packed.AsSpan(1), default, default, 4, default, 3, new float[3], ..));
        Assert.Throws<ArgumentException>(() => ListedProduct.Run(new float[4], packed, new float[2], default, 4, default, 3, new float[3], ..));
        Assert.Throws<ArgumentException>(() => ListedProduct.Run(new float[4], packed, default, default, 4, default, 3, new float[2], ..));
        Assert.Throws<ArgumentException>(() => ListedProduct.Run(new float[4], packed, default, ActiveList.Of(outside), 4, default, 3, new float[3], ..));
        Assert.Throws<ArgumentException>(() => ListedProduct.Run(new float[4], packed, default, default, 4, ActiveList.Of(outside), 3, new float[3], ..));
    }

    // Everything, nothing, single ones, runs.
    private static IEnumerable<int[]> Lists(int count)
    {
        yield return [];
        yield return Where(count, static _ => true);
        yield return Where(count, static i => i % 3 == 1);
        yield return Where(count, static i => i / 8 % 2 == 1);
        yield return Where(count, static i => i % 21 > 4);
    }

    private static int[] Where(int count, Predicate<int> holds)
    {
        List<int> chosen = [];
        for (int i = 0; i < count; i++)
        {
            if (holds(i))
            {
                chosen.Add(i);
            }
        }

        return [.. chosen];
    }
}
