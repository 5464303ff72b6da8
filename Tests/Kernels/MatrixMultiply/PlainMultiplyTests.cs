using FsCheck.Xunit;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Tests.Kernels.Convolution;
using Xunit;

namespace ManagedDyn.Tests.Kernels.MatrixMultiply;

public sealed class PlainMultiplyTests
{
    [Property(MaxTest = 300, EndSize = 1000000)]
    public void StoredAnyWayItHasTheBitsOfTheReference(int seed)
    {
        var random = new ConvolutionCases.Numbers(seed);
        int rows = random.Next(4) == 0 ? random.Next(1, 220) : random.Next(1, 30);
        var shape = new MultiplyShape(rows, random.Next(0, 90), random.Next(1, 60))
        {
            TransposesLeft = random.Next(2) == 0,
            TransposesRight = random.Next(2) == 0,
        };
        shape = shape with
        {
            LeftStride = shape.LeftStep + random.Next(4),
            RightStride = shape.RightStep + random.Next(4),
            OutputStride = shape.Columns + random.Next(4),
        };
        Check(shape, seed);
    }

    [Fact]
    public void TheProductIsAddedToAnOutputThatIsItsOwnResidual()
    {
        var shape = new MultiplyShape(7, 20, 21);
        float[] left = MultiplyCases.Values(140, 1), right = MultiplyCases.Values(420, 2), before = MultiplyCases.Values(147, 3);
        var product = new float[147];
        MultiplyReference.Multiply<float>(in shape, left, right, product);
        float[] output = (float[])before.Clone();
        PlainMultiply.Multiply(in shape, left, right, output, new Epilogue { Residual = output }, MultiplyCases.Scratch(PlainMultiply.ScratchLength(in shape)));
        for (int i = 0; i < output.Length; i++)
        {
            Assert.Equal(product[i] + before[i], output[i]);
        }
    }

    private static void Check(MultiplyShape shape, int seed)
    {
        int leftRows = shape.TransposesLeft ? shape.Depth : shape.Rows;
        int rightRows = shape.TransposesRight ? shape.Columns : shape.Depth;
        float[] left = MultiplyCases.Values(leftRows * shape.LeftStep, seed);
        float[] right = MultiplyCases.Values(rightRows * shape.RightStep, seed + 1);
        float[] expected = MultiplyCases.Scratch(shape.Rows * shape.OutputStep);
        float[] found = MultiplyCases.Scratch(expected.Length);
        MultiplyReference.Multiply<float>(in shape, left, right, expected);
        PlainMultiply.Multiply(in shape, left, right, found, default, MultiplyCases.Scratch(PlainMultiply.ScratchLength(in shape)));
        MultiplyCases.Identical(expected, found, $"seed {seed}, {shape}");
    }
}
