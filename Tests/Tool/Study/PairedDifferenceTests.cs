using System;
using ManagedDyn.Tool.Study;
using Xunit;

namespace ManagedDyn.Tests.Tool.Study;

public sealed class PairedDifferenceTests
{
    [Fact]
    public void GivesTheIntervalOfStudentsT()
    {
        // d = 1, 2, 3: mean 2, s = 1, t(2) = 4.303.
        PairedDifference difference = PairedDifference.Of([5, 7, 9], [4, 5, 6]);
        Assert.Equal(2, difference.Mean, 12);
        Assert.Equal(4.303 / Math.Sqrt(3), difference.HalfWidth, 12);
        Assert.Equal(3, difference.Pairs);
    }

    [Fact]
    public void EqualDifferencesLeaveNoDoubt() => Assert.Equal(0, PairedDifference.Of([1, 2], [0, 1]).HalfWidth, 12);

    [Fact]
    public void OnePairHasNoInterval() => Assert.True(double.IsNaN(PairedDifference.Of([1], [3]).HalfWidth));

    [Fact]
    public void RefusesWhatIsNoSetOfPairs()
    {
        Assert.Contains("expected 1 to 10 pairs", Assert.Throws<ArgumentException>(() => PairedDifference.Of([1], [1, 2])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => PairedDifference.Of([], []));
        Assert.Throws<ArgumentException>(() => PairedDifference.Of(new double[11], new double[11]));
    }
}
