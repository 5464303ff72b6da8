using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Tensors;

public sealed class DerivedListsTests
{
    private static readonly ListKey Key = new(1, 2, 3, 4, 5, 6, 7);

    [Fact]
    public void A_list_lives_as_long_as_what_it_was_made_from()
    {
        Workspace workspace = new();
        using (workspace.Enter())
        {
            Storage<int> source = workspace.RentIntegers(10);
            Storage<int> list;
            using (workspace.Enter())
            {
                workspace.RentIntegers(20);
                using (workspace.Enter())
                {
                    workspace.RentIntegers(30);
                    list = Make(workspace, source);
                    Storage<int> late = workspace.RentIntegers(10);
                    Assert.Same(Make(workspace, late), workspace.FindList(late, in Key));
                }
            }

            Assert.Same(list, workspace.FindList(source, in Key));
            Assert.Equal([5, 5, 5], list.Slice(0, 3));
            Assert.Null(workspace.FindList(source, Key with { Sixth = 8 }));
            Assert.Null(workspace.FindList(workspace.RentIntegers(10), in Key));
        }

        Assert.Equal(0, workspace.LiveBytes);
    }

    [Fact]
    public void A_list_is_not_found_after_its_source_is_given_back_whoever_has_the_memory()
    {
        Workspace workspace = new();
        for (int i = 0; i < 3; i++)
        {
            using WorkspaceScope scope = workspace.Enter();
            Storage<int> source = workspace.RentIntegers(10);
            Assert.Null(workspace.FindList(source, in Key));
            Assert.Same(Make(workspace, source), workspace.FindList(source, in Key));
        }

        // The list alone is gone: it was made from another workspace's.
        Storage<int> foreign = new Workspace().RentIntegers(10);
        using (workspace.Enter())
        {
            Make(workspace, foreign);
            Assert.NotNull(workspace.FindList(foreign, in Key));
        }

        Assert.Null(workspace.FindList(foreign, in Key));
    }

    [Fact]
    public void Of_many_lists_the_oldest_are_forgotten_and_trimming_forgets_all()
    {
        Workspace workspace = new();
        using WorkspaceScope scope = workspace.Enter();
        Storage<int> source = workspace.RentIntegers(10);
        for (int i = 0; i < 100; i++)
        {
            Storage<int> list = workspace.RentIntegers(1);
            workspace.AddList(source, Key with { First = i }, list);
            Assert.Same(list, workspace.FindList(source, Key with { First = i }));
        }

        Assert.Null(workspace.FindList(source, Key with { First = 1 }));
        Assert.NotNull(workspace.FindList(source, Key with { First = 90 }));
        workspace.Trim();
        Assert.Null(workspace.FindList(source, Key with { First = 90 }));
    }

    private static Storage<int> Make(Workspace workspace, Storage<int> source)
    {
        Storage<int> list = workspace.RentIntegers(3);
        list.Slice(0, 3).Fill(5);
        workspace.AddList(source, in Key, list);
        return list;
    }
}
