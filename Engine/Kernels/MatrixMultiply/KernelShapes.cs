namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>
/// A number that the compiler knows: <see cref="BlockKernel"/> is one body for all block shapes, and what a shape lacks is removed from its
/// specialised code.
/// </summary>
internal interface IExtent
{
    static abstract int Value { get; }
}

/// <summary>How the kernel walks along the input channels of a tap.</summary>
internal interface IChannelWalk
{
    /// <summary>Whether only listed channels are taken.</summary>
    static abstract bool IsListed { get; }

    /// <summary>Whether the input holds only the listed channels, side by side.</summary>
    static abstract bool IsCompact { get; }

    /// <summary>Whether weights are taken run by run of neighbouring channels, and the input holds only those of the runs, side by side.</summary>
    static abstract bool IsRuns { get; }
}

internal readonly struct Extent1 : IExtent
{
    public static int Value => 1;
}

internal readonly struct Extent2 : IExtent
{
    public static int Value => 2;
}

internal readonly struct Extent3 : IExtent
{
    public static int Value => 3;
}

internal readonly struct Extent4 : IExtent
{
    public static int Value => 4;
}

internal readonly struct Extent5 : IExtent
{
    public static int Value => 5;
}

internal readonly struct Extent6 : IExtent
{
    public static int Value => 6;
}

/// <summary>Every channel, in order.</summary>
internal readonly struct AllChannels : IChannelWalk
{
    public static bool IsListed => false;

    public static bool IsCompact => false;

    public static bool IsRuns => false;
}

/// <summary>The listed channels of an input that holds all.</summary>
internal readonly struct ListedChannels : IChannelWalk
{
    public static bool IsListed => true;

    public static bool IsCompact => false;

    public static bool IsRuns => false;
}

/// <summary>The listed channels of an input that holds no others.</summary>
internal readonly struct CompactChannels : IChannelWalk
{
    public static bool IsListed => true;

    public static bool IsCompact => true;

    public static bool IsRuns => false;
}

/// <summary>Runs of neighbouring channels of the weights, with an input that holds no others.</summary>
internal readonly struct RunsOfChannels : IChannelWalk
{
    public static bool IsListed => false;

    public static bool IsCompact => true;

    public static bool IsRuns => true;
}
