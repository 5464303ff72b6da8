using System;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Selections;

public class SelectionNestingTests
{
    [Fact]
    public void Rows_of_a_selection_stand_for_its_indices()
    {
        Workspace workspace = new();
        Selection outer = workspace.Select(10, [1, 4, 5, 9]);
        Selection nested = workspace.Nest(outer, workspace.Select(4, [0, 2, 3]));
        Assert.Equal(10, nested.Universe);
        Assert.Equal([1, 5, 9], nested.Indices.ToArray());
        Assert.Equal([0, 3], nested.Offsets.ToArray());
    }

    [Fact]
    public void All_and_none_are_neutral()
    {
        Workspace workspace = new();
        Selection some = workspace.Select(4, [2]);
        Assert.Equal([2], workspace.Nest(default, some).Indices.ToArray());
        Assert.Equal([2], workspace.Nest(Selection.All(1, 4), some).Indices.ToArray());
        Assert.Equal([2], workspace.Nest(some, Selection.All(1, 1)).Indices.ToArray());
        Assert.True(workspace.Nest(some, workspace.Select(1, [])).IsEmpty);
    }

    [Fact]
    public void Rows_of_another_universe_are_refused()
    {
        Workspace workspace = new();
        Selection outer = workspace.Select(10, [1, 4]);
        Assert.Throws<ArgumentException>(() => workspace.Nest(outer, workspace.Select(3, [0])));
        Assert.Throws<ArgumentException>(() => workspace.Nest(outer, workspace.Select(2, [0, 1, 1], [0])));
    }
}
