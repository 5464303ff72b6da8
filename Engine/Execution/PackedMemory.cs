using System;
using System.Threading;

namespace ManagedDyn.Engine.Execution;

/// <summary>The memory that the packed weights of one frozen model may take together. Threads share it.</summary>
public sealed class PackedMemory
{
    private long _bytes;

    /// <summary>Sets the limit.</summary>
    /// <param name="limitBytes">The most bytes.</param>
    public PackedMemory(long limitBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limitBytes);
        LimitBytes = limitBytes;
    }

    /// <summary>The most bytes.</summary>
    public long LimitBytes { get; }

    /// <summary>Bytes taken so far.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Takes memory if it is there.</summary>
    /// <param name="bytes">How many bytes.</param>
    /// <returns>Whether they were taken; otherwise nothing has changed.</returns>
    public bool TryTake(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        while (true)
        {
            long taken = Bytes;
            if (bytes > LimitBytes - taken)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _bytes, taken + bytes, taken) == taken)
            {
                return true;
            }
        }
    }
}
