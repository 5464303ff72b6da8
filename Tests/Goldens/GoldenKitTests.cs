using System;
using ManagedDyn.Engine.Tensors;
using Xunit;
using Xunit.Sdk;

namespace ManagedDyn.Tests.Goldens;

/// <summary>The kit itself must be able to fail.</summary>
public sealed class GoldenKitTests
{
    private static GoldenCase Some()
    {
        GoldenSet set = GoldenSet.Open();
        Assert.SkipUnless(set.IsOwn, "Checks the vectors of this repository.");
        return set.Case("linear", "bias");
    }

    [Fact]
    public void Unchecked_results_fail()
    {
        GoldenCase golden = Some();
        golden.Check("out.y", golden.Expected("out.y"));
        Assert.Contains("grad.x", Assert.Throws<TrueException>(golden.AssertComplete).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.8, true)]
    [InlineData(1.5, false)]
    public void One_value_beyond_its_tolerance_fails(double tolerances, bool passes)
    {
        GoldenCase golden = Some();
        float[] values = golden.Expected("out.y").ToArray();
        values[17] += (float)(tolerances * (1.17e-05 + (golden.RelativeTolerance * Math.Abs(values[17]))));
        Exception? exception = Record.Exception(() => golden.Check("out.y", values));
        Assert.Equal(passes, exception is null);
    }

    [Fact]
    public void A_value_that_is_not_a_number_fails()
    {
        GoldenCase golden = Some();
        float[] values = golden.Expected("out.y").ToArray();
        values[3] = float.NaN;
        Assert.Throws<TrueException>(() => golden.Check("out.y", values));
    }

    [Fact]
    public void Layouts_turn_into_each_other()
    {
        Tensor first = Tensor.From(new Shape(2, 3, 2, 1), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        Tensor last = GoldenLayout.ToChannelsLast(first);
        Assert.Equal(new Shape(2, 2, 1, 3), last.Shape);
        Assert.Equal([0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11], last.ToArray());
        Tensor back = GoldenLayout.ToChannelsFirst(last);
        Assert.Equal(first.Shape, back.Shape);
        Assert.Equal(first.ToArray(), back.ToArray());
    }
}
