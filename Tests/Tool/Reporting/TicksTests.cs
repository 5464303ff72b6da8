using System;
using System.Collections.Generic;
using ManagedDyn.Tool.Reporting.Plots;
using Xunit;

namespace ManagedDyn.Tests.Tool.Reporting;

public sealed class TicksTests
{
    [Fact]
    public void StepsAreRoundAndCoverTheData()
    {
        const int Seed = 11;
        Random random = new(Seed);
        for (int i = 0; i < 2000; i++)
        {
            double minimum = (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-6, 9));
            double maximum = minimum + (random.NextDouble() * Math.Pow(10, random.Next(-6, 9)));
            Ticks ticks = Ticks.Make(new Axis("x"), minimum, maximum, 6);
            double rounding = 1e-8 * (maximum - minimum);
            Assert.True(ticks.Minimum <= minimum + rounding && ticks.Maximum >= maximum - rounding, $"case {i}: {minimum} {maximum}");
            Assert.InRange(ticks.Values.Count, 2, 14);
            HashSet<string> labels = [];
            Assert.All(ticks.Values, value => Assert.True(labels.Add(ticks.Label(value)), $"case {i}: label twice: {ticks.Label(value)}"));
        }
    }

    [Fact]
    public void LabelsSayNoMoreThanTheStepNeeds()
    {
        Ticks percent = Ticks.Make(new Axis("accuracy") { Format = ValueFormat.Percent }, 0.842, 0.937, 5);
        Assert.Equal(["84 %", "86 %", "88 %", "90 %", "92 %", "94 %"], Labels(percent));
        Ticks macs = Ticks.Make(new Axis("MACs") { Format = ValueFormat.Scaled, Minimum = 0 }, 2e6, 26.4e6, 6);
        Assert.Equal(["0", "5 M", "10 M", "15 M", "20 M", "25 M", "30 M"], Labels(macs));
        Ticks epochs = Ticks.Make(new Axis("epoch") { IsWhole = true }, 1, 3, 6);
        Assert.Equal(["1", "2", "3"], Labels(epochs));
    }

    [Theory]
    [InlineData(1, 1000)]
    [InlineData(3, 4)]
    [InlineData(0.02, 700)]
    public void LogarithmicAxesCoverTheData(double minimum, double maximum)
    {
        Ticks ticks = Ticks.Make(new Axis("x") { Scale = AxisScale.Logarithmic }, minimum, maximum, 6);
        Assert.InRange(ticks.Position(minimum), 0, 0.5);
        Assert.InRange(ticks.Position(maximum), 0.5, 1);
        Assert.InRange(ticks.Values.Count, 2, 16);
        Assert.Equal(0.5, ticks.Position(Math.Sqrt(ticks.Minimum * ticks.Maximum)), 9);
    }

    [Fact]
    public void WithoutDataThereIsStillAnAxis()
    {
        Ticks ticks = Ticks.Make(new Axis("x"), double.PositiveInfinity, double.NegativeInfinity, 5);
        Assert.True(ticks.Values.Count >= 2);
        Ticks constant = Ticks.Make(new Axis("x"), 0.5, 0.5, 5);
        Assert.True(constant.Minimum < 0.5 && constant.Maximum > 0.5);
    }

    private static List<string> Labels(Ticks ticks)
    {
        List<string> labels = [];
        foreach (double value in ticks.Values)
        {
            labels.Add(ticks.Label(value));
        }

        return labels;
    }
}
