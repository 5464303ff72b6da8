using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Inference;

namespace ManagedDyn.Tool.Dense;

/// <summary>How pictures are run through a model that answers for each pixel, and what is written.</summary>
internal sealed record DenseRunOptions
{
    public required Workers Workers { get; init; }

    public required Budget Budget { get; init; }

    public required string BudgetText { get; init; }

    public Accuracy Accuracy { get; init; } = Accuracy.Fast;

    public long MemoryBytes { get; init; } = long.MaxValue;

    public string? Out { get; init; }

    public string? Heatmap { get; init; }

    public string? Report { get; init; }

    public bool IsJson { get; init; }

    /// <summary>Told of each picture that cannot be read; the others are answered.</summary>
    public required Action<ToolException> Unreadable { get; init; }
}
