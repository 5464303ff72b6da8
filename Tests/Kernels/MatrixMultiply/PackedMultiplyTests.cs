using System;
using FsCheck.Xunit;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Tests.Kernels.Convolution;
using Xunit;

namespace ManagedDyn.Tests.Kernels.MatrixMultiply;

public sealed class PackedMultiplyTests
{
    [Fact]
    public void EveryRemainderHasTheBitsOfTheReference()
    {
        foreach (int depth in (int[])[0, 1, 2, 7, 64, 255, 256, 257, 600])
        {
            foreach (int columns in (int[])[1, 3, 8, 9, 15, 16, 17, 24, 31, 40])
            {
                for (int rows = 0; rows < 15; rows++)
                {
                    MatchesTheReference(new MultiplyShape(rows, depth, columns), (rows * 100) + columns);
                }
            }
        }
    }

    [Fact]
    public void ManySweepsHaveTheBitsOfTheReference()
    {
        foreach (int rows in (int[])[95, 96, 97, 192, 200, 301])
        {
            MatchesTheReference(new MultiplyShape(rows, 70, 33), rows);
        }
    }

    [Property(MaxTest = 100, EndSize = 1000000)]
    public void StridesAndRangesHaveTheBitsOfTheReference(int seed)
    {
        var random = new ConvolutionCases.Numbers(seed);
        var shape = new MultiplyShape(random.Next(1, 60), random.Next(1, 300), random.Next(1, 70));
        shape = shape with { LeftStride = shape.Depth + random.Next(5), OutputStride = shape.Columns + random.Next(5) };
        float[] left = MultiplyCases.Values(shape.Rows * shape.LeftStride, seed);
        float[] right = MultiplyCases.Values(shape.Depth * shape.Columns, seed + 1);
        float[] expected = MultiplyCases.Scratch(shape.Rows * shape.OutputStride);
        float[] found = MultiplyCases.Scratch(expected.Length);
        MultiplyReference.Multiply<float>(in shape, left, right, expected);
        float[] packed = Pack(shape, right);
        int row = random.Next(shape.Rows + 1);
        int panel = random.Next(Panel.Count(shape.Columns) + 1);
        foreach (Range rows in (Range[])[new(0, row), new(row, ^0)])
        {
            foreach (Range panels in (Range[])[new(panel, ^0), new(0, panel)])
            {
                PackedMultiply.Multiply(in shape, left, packed, found, default, MultiplyCases.Scratch(PackedMultiply.ScratchLength), rows, panels);
            }
        }

        MultiplyCases.Identical(expected, found, $"seed {seed}, {shape}, split at row {row}, panel {panel}");
    }

    [Fact]
    public void RowsDoNotDependOnEachOther()
    {
        var shape = new MultiplyShape(64, 300, 50);
        float[] left = MultiplyCases.Values(shape.Rows * shape.Depth, 5);
        float[] packed = Pack(shape, MultiplyCases.Values(shape.Depth * shape.Columns, 6));
        float[] batch = Multiply(shape, left, packed);
        for (int i = 0; i < shape.Rows; i++)
        {
            float[] alone = Multiply(shape with { Rows = 1 }, left.AsSpan(i * shape.Depth, shape.Depth), packed);
            MultiplyCases.Identical(batch.AsSpan(i * shape.Columns, shape.Columns), alone, $"row {i}");
        }
    }

    [Fact]
    public void PackingATransposedMatrixGivesTheSamePanels()
    {
        var shape = new MultiplyShape(0, 13, 37);
        float[] right = MultiplyCases.Values(shape.Depth * shape.Columns, 7);
        var transposed = new float[right.Length];
        for (int i = 0; i < right.Length; i++)
        {
            transposed[(i % shape.Columns * shape.Depth) + (i / shape.Columns)] = right[i];
        }

        float[] packed = MultiplyCases.Scratch(Panel.Length(shape.Depth, shape.Columns));
        Panel.PackTransposed(transposed, shape.Depth, shape.Columns, packed);
        MultiplyCases.Identical(Pack(shape, right), packed, "packed");
    }

    [Fact]
    public void SpansThatDoNotFitAreRefusedBeforeAnythingIsWritten()
    {
        var shape = new MultiplyShape(3, 4, 5);
        float[] left = new float[12], packed = new float[Panel.Length(4, 5)], output = MultiplyCases.Scratch(15);
        float[] scratch = new float[PackedMultiply.ScratchLength];
        Assert.Throws<ArgumentException>(() => PackedMultiply.Multiply(in shape, left.AsSpan(1), packed, output, default, scratch));
        Assert.Throws<ArgumentException>(() => PackedMultiply.Multiply(in shape, left, packed.AsSpan(1), output, default, scratch));
        Assert.Throws<ArgumentException>(() => PackedMultiply.Multiply(in shape, left, packed, output.AsSpan(1), default, scratch));
        Assert.Throws<ArgumentException>(() => PackedMultiply.Multiply(in shape, left, packed, output, default, scratch.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => PackedMultiply.Multiply(in shape, left, packed, output, new Epilogue { Shift = new float[4] }, scratch));
        Assert.Throws<ArgumentException>(() => PackedMultiply.Multiply(in shape, left, packed, output, new Epilogue { Residual = new float[14] }, scratch));
        Assert.Throws<ArgumentException>(() => PackedMultiply.Multiply(shape with { LeftStride = 3 }, left, packed, output, default, scratch));
        Assert.Throws<ArgumentOutOfRangeException>(() => PackedMultiply.Multiply(in shape, left, packed, output, default, scratch, ..4, ..));
        Assert.All(output, value => Assert.True(float.IsNaN(value)));
    }

    private static void MatchesTheReference(MultiplyShape shape, int seed)
    {
        float[] left = MultiplyCases.Values(shape.Rows * shape.Depth, seed);
        float[] right = MultiplyCases.Values(shape.Depth * shape.Columns, seed + 1);
        var expected = new float[shape.Rows * shape.Columns];
        MultiplyReference.Multiply<float>(in shape, left, right, expected);
        MultiplyCases.Identical(expected, Multiply(shape, left, Pack(shape, right)), $"seed {seed}, {shape}");
    }

    private static float[] Pack(MultiplyShape shape, float[] right)
    {
        float[] packed = MultiplyCases.Scratch(Panel.Length(shape.Depth, shape.Columns));
        Panel.Pack(right, shape.Depth, shape.Columns, packed);
        return packed;
    }

    private static float[] Multiply(MultiplyShape shape, ReadOnlySpan<float> left, float[] packed)
    {
        float[] output = MultiplyCases.Scratch(shape.Rows * shape.Columns);
        PackedMultiply.Multiply(in shape, left, packed, output, default, MultiplyCases.Scratch(PackedMultiply.ScratchLength));
        return output;
    }
}
