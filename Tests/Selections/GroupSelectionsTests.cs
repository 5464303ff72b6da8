using System;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Selections;

public class GroupSelectionsTests
{
    [Fact]
    public void Groups_stand_for_their_members()
    {
        Workspace workspace = new();
        Selection members = workspace.SelectMembers(workspace.Select(4, [0, 2, 2, 3], [0, 3, 2]), 3);
        Assert.Equal(12, members.Universe);
        Assert.Equal([0, 1, 2, 9, 10, 11], members.Row(0).ToArray());
        Assert.Equal(0, members.RowCount(1));
        Assert.Equal([6, 7, 8], members.Row(2).ToArray());
        Assert.True(workspace.SelectMembers(Selection.All(2, 4), 3) is { IsAll: true, Universe: 12, Rows: 2 });
        Assert.Throws<ArgumentOutOfRangeException>(() => workspace.SelectMembers(members, 0));
    }

    [Fact]
    public void Rows_are_found_by_what_they_select()
    {
        Workspace workspace = new();
        Selection selection = workspace.Select(3, [0, 2, 2, 3], [0, 2, 2]);
        Assert.Equal([0, 2], workspace.SelectRowsOf(selection, 2).Row(0).ToArray());
        Assert.Equal([0], workspace.SelectRowsOf(selection, 0).Row(0).ToArray());
        Assert.True(workspace.SelectRowsOf(selection, 1).IsEmpty);
        Assert.True(workspace.SelectRowsOf(Selection.All(3, 3), 1) is { IsAll: true, Universe: 3, Rows: 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => workspace.SelectRowsOf(selection, 3));
    }

    [Fact]
    public void First_indices_are_counted()
    {
        Workspace workspace = new();
        Selection first = workspace.SelectFirst(4, [2, 0, 4]);
        Assert.Equal([0, 1], first.Row(0).ToArray());
        Assert.Equal(0, first.RowCount(1));
        Assert.Equal([0, 1, 2, 3], first.Row(2).ToArray());
        Assert.Throws<ArgumentException>(() => workspace.SelectFirst(4, [5]));
    }
}
