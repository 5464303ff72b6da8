using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Layers.Inference;

/// <summary>How a session computes, and what it keeps account of.</summary>
public sealed record SessionOptions
{
    /// <summary>The options used when none are given.</summary>
    public static SessionOptions Default { get; } = new();

    /// <summary>The threads, which sessions may share; null: the calling one.</summary>
    public Workers? Workers { get; init; }

    /// <summary>Which arithmetic kernels may use.</summary>
    public Accuracy Accuracy { get; init; } = Accuracy.Fast;

    /// <summary>The most memory a session may use.</summary>
    public Limits Limits { get; init; } = Limits.Default;

    /// <summary>How many samples of a batch run at once; 0: as many as fit the processor's cache, by the size of a sample. No answer depends on it.</summary>
    public int ChunkSamples { get; init; }

    /// <summary>Whether <see cref="Session.Trace"/> is kept.</summary>
    public bool KeepTrace { get; init; }

    /// <summary>Whether <see cref="Session.Decisions"/> is kept.</summary>
    public bool KeepDecisions { get; init; }

    /// <summary>Whether <see cref="Session.Report"/> is kept.</summary>
    public bool KeepReport { get; init; }

    /// <summary>Whether the report measures the time of each layer.</summary>
    public bool TimeLayers { get; init; }
}
