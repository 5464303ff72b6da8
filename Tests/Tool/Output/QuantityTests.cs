using System;
using ManagedDyn.Tool.Output;
using Xunit;

namespace ManagedDyn.Tests.Tool.Output;

public sealed class QuantityTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(999, "999")]
    [InlineData(999.7, "1.00 k")]
    [InlineData(1234567, "1.23 M")]
    [InlineData(26.4e6, "26.4 M")]
    [InlineData(4.1e9, "4.10 G")]
    public void Scaled(double value, string expected) => Assert.Equal(expected, Quantity.Scaled(value));

    [Theory]
    [InlineData(0.0123, "12.3 µs")]
    [InlineData(1.5, "1.50 ms")]
    [InlineData(1500, "1.5 s")]
    [InlineData(77_000, "1 min 17 s")]
    [InlineData(7_500_000, "2 h 05 min")]
    public void Times(double milliseconds, string expected) => Assert.Equal(expected, Quantity.Milliseconds(milliseconds));

    [Fact]
    public void Others()
    {
        Assert.Equal("42.2 %", Quantity.Percent(0.4217));
        Assert.Equal("–", Quantity.Percent(double.NaN));
        Assert.Equal("1.57 MiB", Quantity.Bytes(1_649_380));
        Assert.Equal("1:07", Quantity.Clock(TimeSpan.FromSeconds(66.2)));
        Assert.Equal("1:02:03", Quantity.Clock(TimeSpan.FromSeconds(3723)));
        Assert.Equal("12\u202F345", Quantity.Count(12345));
    }
}
