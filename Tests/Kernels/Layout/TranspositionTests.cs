using System;
using ManagedDyn.Engine.Kernels.Layout;
using ManagedDyn.Tests.Kernels.MatrixMultiply;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Layout;

public sealed class TranspositionTests
{
    [Theory]
    [InlineData(0, 3)]
    [InlineData(3, 0)]
    [InlineData(1, 1)]
    [InlineData(15, 17)]
    [InlineData(16, 16)]
    [InlineData(33, 5)]
    public void EveryElementIsFoundAtItsMirroredPlace(int rows, int columns)
    {
        float[] source = MultiplyCases.Values(rows * columns, 1);
        float[] target = new float[rows * columns];
        Transposition.Run(source, rows, columns, target);
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                Assert.Equal(source[(row * columns) + column], target[(column * rows) + row]);
            }
        }
    }

    [Fact]
    public void AWrongLengthIsRefused()
    {
        Assert.Throws<ArgumentException>(() => Transposition.Run(new float[5], 2, 3, new float[6]));
        Assert.Throws<ArgumentException>(() => Transposition.Run(new float[6], 2, 3, new float[5]));
    }
}
