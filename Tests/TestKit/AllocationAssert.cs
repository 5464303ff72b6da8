using System;
using System.Threading;
using Xunit;

namespace ManagedDyn.Tests.TestKit;

/// <summary>Measures managed allocation.</summary>
public static class AllocationAssert
{
    private const int WarmUps = 40;
    private const int Measured = 10;

    /// <summary>
    /// The calling thread allocates nothing in some call after warming up. The runtime's own one-time work (tiering up) may fall into one call,
    /// so the least of some calls counts.
    /// </summary>
    public static void None(Action action)
    {
        long least = Least(action);
        Assert.True(least == 0, $"{least} bytes were allocated by a warm call; expected none.");
    }

    /// <summary>The whole process allocates nothing in some call after warming up: for work that other threads take part in.</summary>
    public static void NoneOnAnyThread(Action action)
    {
        for (int i = 0; i < WarmUps; i++)
        {
            action();
        }

        long least = long.MaxValue;
        for (int i = 0; i < Measured && least > 0; i++)
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
        for (int i = 0; i < WarmUps; i++)
        {
            action();
        }

        long least = long.MaxValue;
        for (int i = 0; i < Measured && least > 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
