namespace ManagedDyn.Engine.Execution;

/// <summary>What a computation may use at most.</summary>
public sealed class Limits
{
    /// <summary>The usual limits: 4 GiB of workspace.</summary>
    public static Limits Default { get; } = new();

    /// <summary>The most workspace memory, in bytes.</summary>
    public long WorkspaceBytes { get; init; } = 4L << 30;

    /// <summary>The most memory for packed weights of a frozen model, in bytes; transformed weights that would pass it are made at each use instead.</summary>
    public long PackedBytes { get; init; } = 4L << 30;
}
