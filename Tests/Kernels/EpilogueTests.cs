using System;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Tests.Kernels.MatrixMultiply;
using Xunit;

namespace ManagedDyn.Tests.Kernels;

public sealed class EpilogueTests
{
    [Fact]
    public void FusedStepsHaveTheBitsOfStepsTakenAfterwards()
    {
        for (int columns = 1; columns < 40; columns++)
        {
            for (int steps = 0; steps < 16; steps++)
            {
                var shape = new MultiplyShape(11, 9, columns);
                float[] left = MultiplyCases.Values(99, columns), right = MultiplyCases.Values(9 * columns, columns + 1);
                float[] packed = new float[Panel.Length(9, columns)];
                Panel.Pack(right, 9, columns, packed);
                float[] scratch = MultiplyCases.Scratch(PackedMultiply.ScratchLength);
                float[] sums = new float[11 * columns], fused = new float[11 * columns];
                Epilogue epilogue = new()
                {
                    Scale = (steps & 1) != 0 ? MultiplyCases.Values(columns, 3) : default,
                    Shift = (steps & 2) != 0 ? MultiplyCases.Values(columns, 4) : default,
                    Residual = (steps & 4) != 0 ? MultiplyCases.Values(sums.Length, 5) : default,
                    Activation = (steps & 8) != 0 ? Activation.Relu : Activation.None,
                };
                PackedMultiply.Multiply(in shape, left, packed, sums, default, scratch);
                PackedMultiply.Multiply(in shape, left, packed, fused, in epilogue, scratch);
                float[] expected = (float[])sums.Clone();
                epilogue.ApplyTo(expected, columns);
                MultiplyCases.Identical(expected, fused, $"{columns} columns, steps {steps}");
                CheckFormula(sums, expected, in epilogue, columns);
            }
        }
    }

    [Fact]
    public void ReluKeepsNotANumber()
    {
        float[] values = [float.NaN, -1, 2, -0f, float.NegativeInfinity];
        new Epilogue { Activation = Activation.Relu }.ApplyTo(values, 5);
        Assert.Equal([float.NaN, 0, 2, -0f, 0], values);
    }

    private static void CheckFormula(ReadOnlySpan<float> sums, ReadOnlySpan<float> found, in Epilogue epilogue, int columns)
    {
        for (int i = 0; i < sums.Length; i++)
        {
            double y = sums[i];
            y *= epilogue.Scale.IsEmpty ? 1 : epilogue.Scale[i % columns];
            y += epilogue.Shift.IsEmpty ? 0 : epilogue.Shift[i % columns];
            y += epilogue.Residual.IsEmpty ? 0 : epilogue.Residual[i];
            y = epilogue.Activation == Activation.Relu ? Math.Max(y, 0) : y;
            Assert.InRange(found[i], y - 2e-6, y + 2e-6);
        }
    }
}
