using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class LayoutOperatorsTests
{
    private static readonly Shape Image = new(2, 3, 4, 5);

    [Theory]
    [InlineData(0, 1, 2, 3)]
    [InlineData(0, 3, 1, 2)]
    [InlineData(0, 2, 3, 1)]
    [InlineData(3, 2, 1, 0)]
    [InlineData(1, 0, 3, 2)]
    public void Dimensions_are_permuted(int a, int b, int c, int d)
    {
        int[] axes = [a, b, c, d];
        Shape output = new(Image[a], Image[b], Image[c], Image[d]);
        OperatorCheck.Run([Image], (context, x) => context.Permute(x[0], axes), x => Build(output, index =>
        {
            int[] from = new int[4];
            for (int i = 0; i < 4; i++)
            {
                from[axes[i]] = index[i];
            }

            return x[0][Element(Image, from)];
        }));
    }

    [Theory]
    [InlineData(2, 17, 33)]
    [InlineData(1, 64, 3)]
    [InlineData(3, 1, 40)]
    public void Matrices_are_transposed(int n, int rows, int columns) => OperatorCheck.Run(
        [new Shape(n, rows, columns)],
        (c, x) => c.Transpose(x[0]),
        x => Build(new Shape(n, columns, rows), i => x[0][(((i[0] * rows) + i[2]) * columns) + i[1]]),
        gradientsOf: rows * columns < 100 ? 1 : 0);

    [Fact]
    public void Large_images_change_layout_on_any_number_of_threads()
    {
        Shape shape = new(3, 50, 41, 19);
        OperatorCheck.Run(
            [shape],
            (c, x) => c.ToChannelsFirst(x[0]),
            x => Build(new Shape(3, 19, 50, 41), i => x[0][Element(shape, [i[0], i[2], i[3], i[1]])]),
            gradientsOf: 0);
    }

    [Fact]
    public void Layouts_are_each_others_way_back()
    {
        OperatorCheck.Run([Image], (c, x) => c.ToChannelsLast(c.ToChannelsFirst(x[0])), x => x[0]);
        OperatorCheck.Run([new Shape(2, 4, 6, 3)], (c, x) => c.PixelShuffle(c.PixelUnshuffle(x[0], 2), 2), x => x[0]);
    }

    [Fact]
    public void Images_flatten_in_the_order_of_channels() => OperatorCheck.Run(
        [Image],
        (c, x) => c.Flatten(x[0]),
        x => Build(new Shape(2, 5, 3, 4), i => x[0][Element(Image, [i[0], i[2], i[3], i[1]])]));

    [Fact]
    public void What_needs_no_move_is_flattened_in_place()
    {
        Context context = new();
        foreach (Shape shape in new Shape[] { new(2, 1, 1, 5), new(2, 3, 4, 1), new(2, 7), new(2, 3, 4) })
        {
            Tensor input = Tensor.Zeros(shape);
            Tensor flat = context.Flatten(input);
            Assert.True(flat.SharesMemoryWith(input));
            Assert.Equal(new Shape(2, shape.Count / 2), flat.Shape);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(-1)]
    public void A_dimension_is_flipped(int axis) => OperatorCheck.Run(
        [Image],
        (c, x) => c.Flip(x[0], axis),
        x => Build(Image, i =>
        {
            int d = (axis + 4) % 4;
            i[d] = Image[d] - 1 - i[d];
            return x[0][Element(Image, i)];
        }));

    [Theory]
    [InlineData(0, 1, 1, 1)]
    [InlineData(1, 0, 2, 2)]
    [InlineData(2, 1, 3, 1)]
    [InlineData(3, 1, 2, 3)]
    [InlineData(-1, 2, 0, 1)]
    public void A_dimension_is_sliced(int axis, int start, int count, int step) => OperatorCheck.Run(
        [Image],
        (c, x) => c.Slice(x[0], axis, start, count, step),
        x => Build(Image.With(axis, count), i =>
        {
            int d = (axis + 4) % 4;
            i[d] = start + (i[d] * step);
            return x[0][Element(Image, i)];
        }));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void Pieces_join_to_the_whole(int axis) => OperatorCheck.Run(
        [Image.With(axis, 6)],
        (c, x) =>
        {
            Tensor[] pieces = new Tensor[3];
            c.Split(x[0], axis, [1, 3, 2], pieces);
            return c.Concat(axis, pieces);
        },
        x => x[0]);

    [Fact]
    public void Windows_are_cut_and_bordered()
    {
        OperatorCheck.Run(
            [Image],
            (c, x) => c.Crop(x[0], 1, 1, 2, 3),
            x => Build(new Shape(2, 2, 3, 5), i => x[0][Element(Image, [i[0], i[1] + 1, i[2] + 1, i[3]])]));
        OperatorCheck.Run(
            [Image],
            (c, x) => c.Pad(x[0], [0, 1, 0, 0], [0, 2, 3, 0], 0.5f),
            x => Build(new Shape(2, 6, 7, 5), i => i[1] is < 1 or > 3 || i[2] > 3 ? 0.5 : x[0][Element(Image, [i[0], i[1] - 1, i[2], i[3]])]));
    }

    [Fact]
    public void Copies_are_laid_out()
    {
        Shape shape = new(2, 1, 3);
        OperatorCheck.Run(
            [shape],
            (c, x) => c.Tile(x[0], 2, 3, 2),
            x => Build(new Shape(4, 3, 6), i => x[0][Element(shape, [i[0] % 2, 0, i[2] % 3])]));
        OperatorCheck.Run(
            [shape],
            (c, x) => c.BroadcastTo(x[0], new Shape(2, 2, 4, 3)),
            x => Build(new Shape(2, 2, 4, 3), i => x[0][Element(shape, [i[1], 0, i[3]])]));
        OperatorCheck.Run([shape], (c, x) => c.BroadcastTo(x[0], new Shape(1, 2, 1, 3)), x => x[0]);
    }

    [Fact]
    public void Wrong_requests_are_refused()
    {
        Context context = new();
        Tensor x = Tensor.Zeros(Image);
        Assert.Throws<ArgumentException>(() => context.Permute(x, 0, 1, 2));
        Assert.Throws<ArgumentException>(() => context.Permute(x, 0, 1, 1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => context.Slice(x, 1, 2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => context.Slice(x, 1, 0, int.MaxValue, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => context.Flip(x, 4));
        Assert.Throws<ArgumentException>(() => context.Split(x, 1, [1, 1], new Tensor[2]));
        Assert.Throws<ArgumentException>(() => context.Crop(x, 0, 0, 4, 1));
        Assert.Throws<ArgumentException>(() => context.Pad(x, [0, -1, 0, 0], [0, 0, 0, 0]));
        Assert.Throws<ArgumentException>(() => context.PixelShuffle(x, 2));
        Assert.Throws<ArgumentException>(() => context.BroadcastTo(x, new Shape(2, 3, 4, 6)));
    }

    [Fact]
    public void Rows_taken_twice_add_their_gradients_in_order()
    {
        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor x = context.Workspace.RentCopy(new Shape(3, 2), [1, 2, 3, 4, 5, 6]);
        Tape.Watch(x);
        Tensor y = context.GatherRows(x, [2, 0, 2]);
        Assert.Equal([5, 6, 1, 2, 5, 6], y.ToArray());
        tape.Backward(y, [1, 2, 3, 4, 5, 6]);
        Assert.Equal([3, 4, 0, 0, 6, 8], Tape.GradientOf(x).ToArray());
        Assert.Throws<ArgumentException>(() => context.GatherRows(x, [3]));
        Assert.Throws<ArgumentException>(() => context.GatherRows(x, [-1]));
    }

    [Fact]
    public void Rows_are_looked_up()
    {
        int[] identifiers = [3, 0, 3, 1, 1, 4];
        OperatorCheck.Run(
            [new Shape(5, 7)],
            (c, x) => c.Embedding(x[0], identifiers, new Shape(2, 3)),
            x => Build(new Shape(2, 3, 7), i => x[0][(identifiers[(i[0] * 3) + i[1]] * 7) + i[2]]));
        Context context = new();
        Assert.Equal([0, 0, 1, 1, 0, 0], context.OneHot([2, 0], 3).ToArray());
        Assert.Throws<ArgumentException>(() => context.OneHot([3], 3));
    }

    [Fact]
    public void Channels_are_gathered_and_scattered()
    {
        int[] list = [0, 3, 4];
        OperatorCheck.Run(
            [Image],
            (c, x) => c.GatherChannels(x[0], Engine.Selections.SelectionMaking.Select(c.Workspace, 5, list)),
            x => Build(Image.With(3, 3), i => x[0][Element(Image, [i[0], i[1], i[2], list[i[3]]])]));
        OperatorCheck.Run(
            [Image.With(3, 3)],
            (c, x) => c.ScatterChannels(x[0], Engine.Selections.SelectionMaking.Select(c.Workspace, 5, list)),
            x => Build(Image, i => Array.IndexOf(list, i[3]) is >= 0 and int at ? x[0][Element(Image.With(3, 3), [i[0], i[1], i[2], at])] : 0));
    }

    internal static double[] Build(Shape shape, Func<int[], double> at)
    {
        double[] values = new double[shape.Count];
        for (int i = 0; i < values.Length; i++)
        {
            int[] index = new int[shape.Rank];
            int rest = i;
            for (int d = shape.Rank - 1; d >= 0; d--)
            {
                index[d] = rest % shape[d];
                rest /= shape[d];
            }

            values[i] = at(index);
        }

        return values;
    }

    internal static int Element(Shape shape, ReadOnlySpan<int> index)
    {
        int element = 0;
        for (int d = 0; d < shape.Rank; d++)
        {
            element = (element * shape[d]) + index[d];
        }

        return element;
    }
}
