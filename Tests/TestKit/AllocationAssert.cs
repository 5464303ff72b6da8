using System;
using System.Threading;
using Xunit;

namespace ManagedDyn.Tests.TestKit;

/// <summary>Measures managed allocation.</summary>
public static class AllocationAssert
{
    // Code is compiled anew once or twice while it warms up, and buffers find their sizes.
    private const int MostCalls = 60;

    // A single one that allocates nothing would not do: every second one might, as callers take turns with their inputs.
    private const int QuietCalls = 6;

    /// <summary>
    /// The calling thread allocates nothing once warm: calls are repeated until several in a row allocate nothing, and it fails if they never do.
    /// </summary>
    public static void None(Action action)
    {
        int quiet = 0;
        long last = 0;
        for (int i = 0; i < MostCalls && quiet < QuietCalls; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            action();
            Count(GC.GetAllocatedBytesForCurrentThread() - before, ref quiet, ref last);
        }

        Assert.True(quiet == QuietCalls, $"{last} bytes were allocated by one of the last {QuietCalls} warm calls; expected none.");
    }

    /// <summary>The whole process allocates nothing in several calls in a row: for work that other threads take part in, where no other test runs.</summary>
    public static void NoneOnAnyThread(Action action)
    {
        int quiet = 0;
        long last = 0;
        for (int i = 0; i < MostCalls && quiet < QuietCalls; i++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            action();
            Count(GC.GetTotalAllocatedBytes(precise: true) - before, ref quiet, ref last);
        }

        Assert.True(quiet == QuietCalls, $"{last} bytes were allocated by one of the last {QuietCalls} warm calls on all threads; expected none.");
    }

    /// <summary>The same on a thread of its own.</summary>
    public static void NoneOnNewThread(Action action)
    {
        Exception? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                None(action);
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        Assert.True(failure is null, failure?.Message);
    }

    private static void Count(long allocated, ref int quiet, ref long last)
    {
        quiet = allocated == 0 ? quiet + 1 : 0;
        last = allocated == 0 ? last : allocated;
    }
}
