using System;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>Finds a group's part of an ascending list of channels.</summary>
internal static class ChannelGroup
{
    /// <summary>The number of listed channels that lie in this group or one before it; 0 before the first.</summary>
    public static int End(ReadOnlySpan<int> channels, int group, int size)
    {
        int end = channels.BinarySearch((group + 1) * size);
        return end < 0 ? ~end : end;
    }
}
