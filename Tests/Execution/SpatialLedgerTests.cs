using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Execution;

/// <summary>What a ledger keeps of places: maps, views and levels, each with its sample.</summary>
public sealed class SpatialLedgerTests
{
    private static readonly Context Scratch = new();

    [Fact]
    public void Views_and_levels_stay_with_their_sample()
    {
        DecisionLedger ledger = new() { KeepsChoices = true };
        ledger.Begin();
        Tensor views = Tensor.From(new Shape(2, 2, 6), [0, 0, 1, 1, 8, 8, .1f, .2f, .3f, .4f, 5, 6, 0, .5f, 1, .5f, 0, 0, .6f, .7f, .1f, .2f, 3, 4]);
        ledger.Add(Selection.All(1, 2), new DecisionRecord { Layer = 1, Kind = DecisionKind.Regions, Rows = 2, Views = views });
        Tensor levels = Tensor.From(new Shape(2, 1, 3), [1, 2, 3, 3, 1, 1]);
        ledger.Add(Scratch.Workspace.Select(4, [1, 3]), new DecisionRecord { Layer = 2, Kind = DecisionKind.Steps, Rows = 2, MapHeight = 1, MapWidth = 3, Levels = levels, MostLevel = 3 });
        Assert.Equal(4, ledger.Choices.Length);
        Assert.Equal(new ImageView(.1f, .2f, .3f, .4f, 5, 6), ledger.ViewOf(ledger.Choices[0], 1));
        Assert.Equal(new ImageView(.6f, .7f, .1f, .2f, 3, 4), ledger.ViewOf(ledger.Choices[1], 1));
        Assert.True(ledger.LevelsOf(ledger.Choices[0]).IsEmpty);
        Assert.Equal((1, 3), (ledger.Choices[2].Sample, ledger.Choices[3].Sample));
        Assert.Equal([1f, 2f, 3f], ledger.LevelsOf(ledger.Choices[2]).ToArray());
        Assert.Equal([3f, 1f, 1f], ledger.LevelsOf(ledger.Choices[3]).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => ledger.ViewOf(ledger.Choices[2], 0));
    }

    [Fact]
    public void A_map_is_kept_with_its_size()
    {
        DecisionLedger ledger = new() { KeepsChoices = true };
        ledger.Begin();
        Selection chosen = Scratch.Workspace.SelectMask(1, 6, [false, true, false, false, false, true]);
        ledger.Add(Selection.All(1, 1), new DecisionRecord { Layer = 1, Kind = DecisionKind.Pixels, Rows = 1, Selected = chosen, MapHeight = 2, MapWidth = 3 });
        DecisionChoice choice = ledger.Choices[0];
        Assert.Equal((2, 3, 0, 0), (choice.MapHeight, choice.MapWidth, choice.ViewCount, choice.MostLevel));
        Assert.Equal([1, 5], ledger.UnitsOf(choice).ToArray());
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(6, 0)]
    [InlineData(-2, -3)]
    public void A_map_of_another_size_than_the_units_is_refused(int height, int width)
    {
        DecisionLedger ledger = new() { KeepsChoices = true };
        DecisionRecord record = new() { Layer = 1, Kind = DecisionKind.Pixels, Rows = 1, Selected = Selection.All(1, 6), MapHeight = height, MapWidth = width };
        Assert.Throws<ArgumentException>(() => ledger.Add(Selection.All(1, 1), in record));
        Assert.True(ledger.Choices.IsEmpty);
    }

    [Fact]
    public void Views_and_levels_of_another_shape_are_refused()
    {
        DecisionLedger ledger = new() { KeepsChoices = true };
        DecisionRecord views = new() { Layer = 1, Kind = DecisionKind.Regions, Rows = 2, Views = Tensor.Zeros(new Shape(1, 1, 6)) };
        Assert.Throws<ArgumentException>(() => ledger.Add(Selection.All(1, 2), in views));
        DecisionRecord levels = new() { Layer = 1, Kind = DecisionKind.Steps, Rows = 2, MapHeight = 2, MapWidth = 2, Levels = Tensor.Zeros(new Shape(2, 2, 2)) };
        Assert.Throws<ArgumentException>(() => ledger.Add(Selection.All(1, 2), in levels));
    }
}
