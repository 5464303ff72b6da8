using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Execution;

public sealed class DecisionLedgerTests
{
    [Fact]
    public void KeepsWhichSamplesABranchRanFor()
    {
        Context context = new() { Ledger = new DecisionLedger { KeepsChoices = true } };
        context.Samples = context.Workspace.Select(10, [2, 5, 9]);
        Tensor scores = context.Workspace.Rent(new Shape(3));
        new float[] { 0.1f, 0.8f, 0.9f }.CopyTo(scores.Span);
        context.Record(new DecisionRecord { Layer = 4, Kind = DecisionKind.Samples, Rows = 3, Selected = context.Workspace.Select(3, [1, 2]), Scores = scores, UnitMacs = 100 });
        ReadOnlySpan<DecisionChoice> choices = context.Ledger.Choices;
        Assert.Equal(3, choices.Length);
        Assert.Equal((2, 0, 0L), (choices[0].Sample, choices[0].Count, choices[0].ChosenMacs));
        Assert.Equal((5, 1, 100L), (choices[1].Sample, choices[1].Count, choices[1].ChosenMacs));
        Assert.Equal((9, 1, 100L), (choices[2].Sample, choices[2].Count, choices[2].DenseMacs));
        Assert.Equal([0.1f, 0.8f, 0.9f], [choices[0].Score, choices[1].Score, choices[2].Score]);
    }

    [Fact]
    public void KeepsTheUnitsOfEachRowAfterTheScopeHasEnded()
    {
        Context context = new() { Ledger = new DecisionLedger { KeepsChoices = true } };
        context.Ledger.FirstSample = 20;
        using (context.Workspace.Enter())
        {
            Selection experts = context.Workspace.Select(4, [0, 2, 2, 3], [0, 3, 1]);
            context.Record(new DecisionRecord { Layer = 7, Kind = DecisionKind.Experts, Rows = 3, Selected = experts, UnitMacs = 10 });
        }

        DecisionLedger ledger = context.Ledger;
        Assert.Equal([0, 3], ledger.UnitsOf(ledger.Choices[0]).ToArray());
        Assert.Empty(ledger.UnitsOf(ledger.Choices[1]).ToArray());
        Assert.Equal([1], ledger.UnitsOf(ledger.Choices[2]).ToArray());
        Assert.Equal((22, 4, 10L, 40L), (ledger.Choices[2].Sample, ledger.Choices[2].Universe, ledger.Choices[2].ChosenMacs, ledger.Choices[2].DenseMacs));
        Assert.True(float.IsNaN(ledger.Choices[0].Score));
        ledger.Begin();
        Assert.Equal(0, ledger.Choices.Length);
    }

    [Fact]
    public void UnitsThatCostUnequallyAreCountedByTheirOwnCosts()
    {
        Context context = new() { Ledger = new DecisionLedger { KeepsChoices = true } };
        Tensor costs = Tensor.From(new Shape(3), [10f, 200f, 3000f]);
        DecisionRecord record = new() { Layer = 2, Kind = DecisionKind.Branches, Rows = 2, Selected = context.Workspace.Select(3, [0, 1, 3], [1, 0, 2]), UnitMacs = 7, UnitCosts = costs };
        context.Record(record);
        context.Record(record with { MostMacs = 3000 });
        ReadOnlySpan<DecisionChoice> choices = context.Ledger.Choices;
        Assert.Equal((200L, 3210L), (choices[0].ChosenMacs, choices[0].DenseMacs));
        Assert.Equal((3010L, 3210L), (choices[1].ChosenMacs, choices[1].DenseMacs));
        Assert.Equal((3010L, 3000L), (choices[3].ChosenMacs, choices[3].DenseMacs));
        _ = Assert.Throws<ArgumentException>(() => context.Record(record with { UnitCosts = Tensor.Zeros(new Shape(2)) }));
    }

    [Fact]
    public void AllOfAUniverseIsEveryUnit()
    {
        Context context = new() { Ledger = new DecisionLedger { KeepsChoices = true } };
        context.Record(new DecisionRecord { Layer = 1, Kind = DecisionKind.Channels, Rows = 2, Selected = Selection.All(2, 5) });
        Assert.Equal([0, 1, 2, 3, 4], context.Ledger.UnitsOf(context.Ledger.Choices[1]).ToArray());
    }

    [Fact]
    public void TrainingKeepsRecordsAndTerms()
    {
        Context context = new() { Ledger = new DecisionLedger() };
        Tensor scores = context.Workspace.Rent(new Shape(2, 3));
        context.Record(new DecisionRecord { Layer = 1, Kind = DecisionKind.Branches, Rows = 2, Scores = scores });
        context.AddLossTerm("ponder", 1, context.Workspace.Rent(new Shape(1)));
        Assert.Equal(1, context.Ledger.Records.Length);
        Assert.Equal(0, context.Ledger.Choices.Length);
        Assert.Equal("ponder", Assert.Single(context.Ledger.Terms.ToArray()).Name);
        context.Ledger.Begin();
        Assert.Equal((0, 0), (context.Ledger.Records.Length, context.Ledger.Terms.Length));
    }

    [Fact]
    public void NobodyAskingIsNoFailure()
    {
        Context context = new();
        context.Record(new DecisionRecord { Layer = 1, Kind = DecisionKind.Samples, Rows = 2 });
        context.AddLossTerm("ponder", 1, default);
    }

    [Fact]
    public void RefusesWhatIsNotAboutItsRows()
    {
        Context context = new() { Ledger = new DecisionLedger() };
        Tensor scores = context.Workspace.Rent(new Shape(3));
        Assert.Contains("expected 2 rows", Refused(new DecisionRecord { Layer = 1, Kind = DecisionKind.Samples, Rows = 2, Scores = scores }), StringComparison.Ordinal);
        Selection selected = context.Workspace.Select(4, [1]);
        Assert.Contains("1 of 1 × 4", Refused(new DecisionRecord { Layer = 1, Kind = DecisionKind.Experts, Rows = 2, Selected = selected }), StringComparison.Ordinal);
        Assert.Contains("\"balance\"", Assert.Throws<ArgumentException>(() => context.AddLossTerm("balance", 1, scores)).Message, StringComparison.Ordinal);

        string Refused(DecisionRecord record) => Assert.Throws<ArgumentException>(() => context.Record(record)).Message;
    }

    [Fact]
    public void AllocatesNothingOnceWarm()
    {
        Context context = new() { Ledger = new DecisionLedger { KeepsChoices = true } };
        AllocationAssert.None(() =>
        {
            context.Ledger.Begin();
            context.Record(new DecisionRecord { Layer = 1, Kind = DecisionKind.Channels, Rows = 40, Selected = Selection.All(40, 9) });
        });
    }
}
