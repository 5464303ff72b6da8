using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class MaskOperatorTests
{
    private static readonly Shape Image = new(3, 2, 4, 5);

    [Fact]
    public void Masks_multiply_samples_pixels_and_channels()
    {
        OperatorCheck.Run([Image, new Shape(3)], (c, x) => c.MaskMultiply(x[0], x[1]), x => Product(x[0], i => x[1][i[0]]));
        OperatorCheck.Run([Image, new Shape(3, 2, 4)], (c, x) => c.MaskMultiply(x[0], x[1]), x => Product(x[0], i => x[1][(((i[0] * 2) + i[1]) * 4) + i[2]]));
        OperatorCheck.Run([Image, new Shape(3, 1, 1, 5)], (c, x) => c.MaskMultiply(x[0], x[1]), x => Product(x[0], i => x[1][(i[0] * 5) + i[3]]));
    }

    [Fact]
    public void Selections_mask_samples_pixels_and_channels()
    {
        int[][] pixels = [[0, 7], [], [1, 2, 3]];
        int[][] channels = [[4], [0, 1, 2, 3, 4], []];
        OperatorCheck.Run(
            [Image],
            (c, x) => c.MaskSamples(x[0], c.Workspace.Select(3, [0, 2])),
            x => Product(x[0], i => i[0] == 1 ? 0 : 1));
        OperatorCheck.Run(
            [Image],
            (c, x) => c.MaskPixels(x[0], GatherScatterTests.Select(c, pixels, 8)),
            x => Product(x[0], i => Array.IndexOf(pixels[i[0]], (i[1] * 4) + i[2]) < 0 ? 0 : 1));
        OperatorCheck.Run(
            [Image],
            (c, x) => c.MaskChannels(x[0], c.Workspace.Select(5, [1, 4])),
            x => Product(x[0], i => i[3] is 1 or 4 ? 1 : 0));
        OperatorCheck.Run(
            [Image],
            (c, x) => c.MaskChannels(x[0], GatherScatterTests.Select(c, channels, 5)),
            x => Product(x[0], i => Array.IndexOf(channels[i[0]], i[3]) < 0 ? 0 : 1));
    }

    [Fact]
    public void Masked_values_are_zero_whatever_they_were()
    {
        Context context = new();
        Tensor x = Tensor.From(new Shape(4, 1), [float.NaN, float.PositiveInfinity, -3, 2]);
        float[] found = context.MaskMultiply(x, Tensor.From(new Shape(4), [0, 0, 0, 1])).ToArray();
        Assert.Equal([0, 0, 0, BitConverter.SingleToInt32Bits(2f)], Array.ConvertAll(found, BitConverter.SingleToInt32Bits));
    }

    [Fact]
    public void Masks_that_do_not_fit_are_refused()
    {
        Context context = new();
        Tensor x = Tensor.Zeros(new Shape(3, 1, 4, 5));
        Assert.Throws<ArgumentException>(() => context.MaskMultiply(x, Tensor.Zeros(new Shape(4))));
        Assert.Throws<ArgumentException>(() => context.MaskMultiply(x, Tensor.Zeros(new Shape(3, 2, 4))));
        Assert.Throws<ArgumentException>(() => context.MaskPixels(x, Selection.All(2, 4)));
        Assert.Throws<ArgumentException>(() => context.MaskChannels(x, Selection.All(2, 5)));
    }

    private static double[] Product(double[] x, Func<int[], double> mask) =>
        LayoutOperatorsTests.Build(Image, i => x[LayoutOperatorsTests.Element(Image, i)] * mask(i));
}
