using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Tensors;

public class WorkspaceTests
{
    [Fact]
    public void A_tensor_that_outlives_its_scope_is_found_out()
    {
        Workspace workspace = new();
        Tensor leaked;
        using (workspace.Enter())
        {
            leaked = workspace.Rent(new Shape(10));
        }

        Assert.Throws<InvalidOperationException>(() => leaked.Span.Length);

        // Also when the memory serves another tensor by now.
        using WorkspaceScope scope = workspace.Enter();
        Tensor next = workspace.Rent(new Shape(10));
        Assert.Equal(10, next.Span.Length);
        Assert.Throws<InvalidOperationException>(() => leaked.Span.Length);
    }

    [Fact]
    public void A_kept_tensor_lives_until_the_enclosing_scope_ends()
    {
        Workspace workspace = new();
        Tensor kept;
        using (workspace.Enter())
        {
            using (WorkspaceScope inner = workspace.Enter())
            {
                workspace.Rent(new Shape(3));
                Tensor wanted = workspace.Rent(new Shape(4));
                workspace.Rent(new Shape(5));
                wanted.Span.Fill(7f);
                kept = inner.Keep(wanted);
            }

            Tensor other = workspace.Rent(new Shape(4));
            other.Span.Fill(1f);
            Assert.Equal([7f, 7f, 7f, 7f], kept.ToArray());
        }

        Assert.Throws<InvalidOperationException>(() => kept.Span.Length);
        Assert.Equal(0, workspace.LiveBytes);
    }

    [Fact]
    public void Memory_is_used_again_and_nothing_is_allocated_once_warm()
    {
        Workspace workspace = new();

        // Lengths in variables: unoptimised code allocates to read a span of constants.
        int length = 1000;
        void Round()
        {
            using WorkspaceScope scope = workspace.Enter();
            Tensor a = workspace.Rent(new Shape(length));
            workspace.Recycle(a);
            workspace.Rent(new Shape(length - 10));
            workspace.Rent(new Shape(length, length));
        }

        Round();
        Round();
        long reserved = workspace.ReservedBytes;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            Round();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(reserved, workspace.ReservedBytes);
    }

    [Fact]
    public void The_limit_is_checked_before_anything_changes()
    {
        Workspace workspace = new(10_000);
        using WorkspaceScope scope = workspace.Enter();
        workspace.Rent(new Shape(1000));
        long live = workspace.LiveBytes;
        MemoryLimitException failure = Assert.Throws<MemoryLimitException>(() => workspace.Rent(new Shape(100_000)));
        Assert.Contains("10000", failure.Message, StringComparison.Ordinal);
        Assert.Equal(live, workspace.LiveBytes);
    }

    [Fact]
    public void Free_memory_gives_way_when_the_limit_is_near()
    {
        const long Limit = 200_000;
        Workspace workspace = new(Limit);
        using WorkspaceScope outer = workspace.Enter();
        Tensor kept = workspace.Rent(new Shape(1000));
        kept.Span.Fill(3);
        for (int length = 64; length < 40_000; length = length * 5 / 4)
        {
            using WorkspaceScope scope = workspace.Enter();
            workspace.Rent(new Shape(length));
            workspace.RentIntegers(length / 8);
            Assert.InRange(workspace.ReservedBytes, workspace.LiveBytes, Limit);
        }

        Assert.Equal(3, kept.Span[999]);

        // What fits is kept: nothing is made anew.
        using (workspace.Enter())
        {
            workspace.Rent(new Shape(20_000));
        }

        long reserved = workspace.ReservedBytes;
        using (workspace.Enter())
        {
            workspace.Rent(new Shape(20_000));
            Assert.Equal(reserved, workspace.ReservedBytes);
        }
    }

    [Fact]
    public void A_block_beyond_the_size_classes_is_used_again_only_where_it_is_long_enough()
    {
        const int Short = 1_900_000_000;
        const int Long = 1_900_100_000;
        Assert.SkipUnless(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes > 8L << 30, "needs four gigabytes of address space");

        // Only the ends are touched, so hardly any of it becomes memory.
        StoragePool<byte> pool = new();
        Storage<byte> first = pool.Rent(Short, out _);
        pool.Recycle(first);
        Assert.False(pool.HasFree(Long));
        Storage<byte> second = pool.Rent(Long, out int made);
        Assert.Equal(Long, made);
        second.Slice(0, Long)[^1] = 1;
        Assert.True(pool.HasFree(Short));
        Assert.Same(first, pool.Rent(Short, out made));
        Assert.Equal(0, made);
    }

    [Fact]
    public void While_a_tape_records_scopes_give_nothing_back()
    {
        Workspace workspace = new();
        using WorkspaceScope outer = workspace.Enter();
        Tensor held;
        using (new Tape(workspace))
        {
            using (workspace.Enter())
            {
                held = workspace.Rent(new Shape(5));
            }

            workspace.Recycle(held);
            Assert.Equal(5, held.Span.Length);
        }
    }

    [Fact]
    public void Scopes_end_in_reverse_order()
    {
        Workspace workspace = new();
        bool refused = false;
        WorkspaceScope outer = workspace.Enter();
        WorkspaceScope inner = workspace.Enter();
        try
        {
            outer.Dispose();
        }
        catch (InvalidOperationException)
        {
            refused = true;
        }

        inner.Dispose();
        outer.Dispose();
        Assert.True(refused);
    }

    [Fact]
    public void Views_share_values_and_know_their_padding()
    {
        Tensor whole = Tensor.From(new Shape(3, 2), [1, 2, 3, 4, 5, 6]);
        Tensor row = whole.Rows(1, 1);
        row.Span[0] = 30;
        Assert.Equal([1f, 2f, 30f, 4f, 5f, 6f], whole.Reshape(new Shape(6)).ToArray());
        Assert.False(row.OwnsPadding);
        Assert.True(whole.OwnsPadding);
        Assert.Equal(16, whole.PaddedSpan.Length);
        Assert.True(row.SharesMemoryWith(whole));
        Assert.Throws<ArgumentException>(() => whole.Reshape(new Shape(7)));
        Assert.Throws<ArgumentOutOfRangeException>(() => whole.Rows(2, 2));
        Assert.Throws<InvalidOperationException>(() => default(Tensor).Span.Length);
    }
}
