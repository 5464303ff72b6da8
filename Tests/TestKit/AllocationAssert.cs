using System;
using System.Threading;
using Xunit;

namespace ManagedDyn.Tests.TestKit;

/// <summary>Measures managed allocation.</summary>
public static class AllocationAssert
{
    // Code is compiled anew once or twice while it warms up, and buffers find their sizes.
    private const int MostCalls = 60;

    /// <summary>
    /// The calling thread allocates nothing once warm: calls are repeated until one allocates nothing, and it fails if none does.
    /// </summary>
    public static void None(Action action)
    {
        long least = Least(action);
        Assert.True(least == 0, $"{least} bytes were allocated by a warm call; expected none.");
    }

    /// <summary>The whole process allocates nothing in some call: for work that other threads take part in, where no other test runs.</summary>
    public static void NoneOnAnyThread(Action action)
    {
        long least = long.MaxValue;
        for (int i = 0; i < MostCalls && least > 0; i++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            action();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.True(least == 0, $"{least} bytes were allocated by a warm call on all threads; expected none.");
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

    private static long Least(Action action)
    {
        long least = long.MaxValue;
        for (int i = 0; i < MostCalls && least > 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
