using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class GatherScatterTests
{
    private static readonly int[][] SampleLists = [[], [0], [4], [1, 3], [0, 1, 2, 3, 4]];
    private static readonly int[][][] PixelLists = [[[0, 5], [], [2, 3, 4]], [[], [], []], [[], [1], []], [[0, 1, 2, 3, 4, 5], [5], [0]]];

    public static TheoryData<int> Samples => [0, 1, 2, 3, 4];

    public static TheoryData<int> Pixels => [0, 1, 2, 3];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Samples_are_gathered(int which)
    {
        int[] list = SampleLists[which];
        OperatorCheck.Run(
            [new Shape(5, 2, 3)],
            (c, x) => c.GatherSamples(x[0], c.Workspace.Select(5, list)),
            x => Gather(x[0], 6, list));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Samples_are_scattered(int which)
    {
        int[] list = SampleLists[which];
        Shape compact = new(list.Length, 2, 3);
        OperatorCheck.Run(
            [compact],
            (c, x) => c.ScatterSamples(x[0], c.Workspace.Select(5, list)),
            x => Scatter(x[0], 6, list, new double[30], false));
        OperatorCheck.Run(
            [compact, new Shape(5, 2, 3)],
            (c, x) => c.ScatterSamples(x[0], c.Workspace.Select(5, list), x[1]),
            x => Scatter(x[0], 6, list, x[1], false));
        OperatorCheck.Run(
            [compact, new Shape(5, 2, 3)],
            (c, x) => c.ScatterAddSamples(x[0], c.Workspace.Select(5, list), x[1]),
            x => Scatter(x[0], 6, list, x[1], true));
    }

    [Theory]
    [MemberData(nameof(Pixels))]
    public void Pixels_are_gathered_and_scattered(int which)
    {
        int[] flat = Flatten(PixelLists[which], 6);
        Shape images = new(3, 2, 3, 5);
        Shape compact = new(flat.Length, 5);
        OperatorCheck.Run(
            [images],
            (c, x) => c.GatherPixels(x[0], Select(c, PixelLists[which], 6)),
            x => Gather(x[0], 5, flat));
        OperatorCheck.Run(
            [compact],
            (c, x) => c.ScatterPixels(x[0], Select(c, PixelLists[which], 6), 2, 3),
            x => Scatter(x[0], 5, flat, new double[90], false));
        OperatorCheck.Run(
            [compact, images],
            (c, x) => c.ScatterPixels(x[0], Select(c, PixelLists[which], 6), 2, 3, x[1]),
            x => Scatter(x[0], 5, flat, x[1], false));
        OperatorCheck.Run(
            [compact, images],
            (c, x) => c.ScatterAddPixels(x[0], Select(c, PixelLists[which], 6), x[1]),
            x => Scatter(x[0], 5, flat, x[1], true));
    }

    [Fact]
    public void Everything_selected_copies_nothing()
    {
        Context context = new();
        Tensor images = Tensor.Zeros(new Shape(3, 2, 3, 5));
        Assert.True(context.GatherSamples(images, Selection.All(1, 3)).SharesMemoryWith(images));
        Assert.True(context.GatherSamples(images, default).SharesMemoryWith(images));
        Assert.True(context.ScatterSamples(images, Selection.All(1, 3)).SharesMemoryWith(images));
        Tensor rows = context.GatherPixels(images, Selection.All(3, 6));
        Assert.Equal(new Shape(18, 5), rows.Shape);
        Assert.Equal(images.Shape, context.ScatterPixels(rows, Selection.All(3, 6), 2, 3).Shape);
    }

    [Fact]
    public void Many_pixels_move_on_any_number_of_threads()
    {
        int[][] lists = new int[4][];
        for (int n = 0; n < lists.Length; n++)
        {
            List<int> list = [];
            for (int i = n; i < 1600 && n != 2; i += n + 1)
            {
                list.Add(i);
            }

            lists[n] = [.. list];
        }

        int[] flat = Flatten(lists, 1600);
        OperatorCheck.Run([new Shape(4, 40, 40, 33)], (c, x) => c.GatherPixels(x[0], Select(c, lists, 1600)), x => Gather(x[0], 33, flat), gradientsOf: 0);
        OperatorCheck.Run(
            [new Shape(flat.Length, 33)],
            (c, x) => c.ScatterPixels(x[0], Select(c, lists, 1600), 40, 40),
            x => Scatter(x[0], 33, flat, new double[4 * 1600 * 33], false),
            gradientsOf: 0);
    }

    [Fact]
    public void Selections_that_do_not_fit_are_refused()
    {
        Context context = new();
        Tensor images = Tensor.Zeros(new Shape(3, 2, 3, 5));
        Assert.Throws<ArgumentException>(() => context.GatherSamples(images, context.Workspace.Select(4, [0])));
        Assert.Throws<ArgumentException>(() => context.GatherPixels(images, context.Workspace.Select(6, [0])));
        Assert.Throws<ArgumentException>(() => context.ScatterSamples(images, context.Workspace.Select(4, [0])));
        Assert.Throws<ArgumentException>(() => context.ScatterSamples(Tensor.Zeros(new Shape(1, 2)), context.Workspace.Select(4, [0]), Tensor.Zeros(new Shape(3, 2))));
        Assert.Throws<ArgumentException>(() => context.ScatterPixels(Tensor.Zeros(new Shape(1, 2)), context.Workspace.Select(4, [0]), 2, 3));
    }

    internal static Selection Select(Context context, int[][] lists, int universe)
    {
        List<int> offsets = [0], indices = [];
        foreach (int[] list in lists)
        {
            indices.AddRange(list);
            offsets.Add(indices.Count);
        }

        return context.Workspace.Select(universe, offsets.ToArray(), indices.ToArray());
    }

    private static int[] Flatten(int[][] lists, int universe)
    {
        List<int> flat = [];
        for (int row = 0; row < lists.Length; row++)
        {
            foreach (int index in lists[row])
            {
                flat.Add((row * universe) + index);
            }
        }

        return [.. flat];
    }

    private static double[] Gather(double[] x, int width, int[] list)
    {
        double[] y = new double[list.Length * width];
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = x[(list[i / width] * width) + (i % width)];
        }

        return y;
    }

    private static double[] Scatter(double[] x, int width, int[] list, double[] background, bool add)
    {
        double[] y = (double[])background.Clone();
        for (int i = 0; i < x.Length; i++)
        {
            int place = (list[i / width] * width) + (i % width);
            y[place] = x[i] + (add ? y[place] : 0);
        }

        return y;
    }
}
