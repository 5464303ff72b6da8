using System.Collections.Generic;
using ManagedDyn.Tool.Reporting.Pages;

namespace ManagedDyn.Tool.Reporting;

/// <summary>What the verbs measure and the report shows. Lists that are empty leave their part of the report out.</summary>
public sealed record RunReport(string Title, IReadOnlyList<ExitSummary> Exits)
{
    /// <summary>The data set, as it reads in a sentence: "Fashion-MNIST, 10 000 test images".</summary>
    public string DataSet { get; init; } = string.Empty;

    /// <summary>Settings of confidence thresholds, cheapest first: the dynamic curve.</summary>
    public IReadOnlyList<SettingPoint> Dynamic { get; init; } = [];

    /// <summary>The setting that the summary is about, an index into <see cref="Dynamic"/>.</summary>
    public int? Chosen { get; init; }

    public IReadOnlyList<StaticPoint> Static { get; init; } = [];

    public IReadOnlyList<EpochRecord> Training { get; init; } = [];

    public IReadOnlyList<ExampleInput> Easiest { get; init; } = [];

    public IReadOnlyList<ExampleInput> Hardest { get; init; } = [];

    /// <summary>What inputs use of each dynamic layer, in the order of the layers.</summary>
    public IReadOnlyList<LayerUse> Usage { get; init; } = [];

    public IReadOnlyList<Fact> Settings { get; init; } = [];

    public IReadOnlyList<Fact> Machine { get; init; } = [];

    /// <summary>Trainable numbers of the model.</summary>
    public long Parameters { get; init; }

    public string? TrainingTime { get; init; }

    /// <summary>How time was measured: batch size, threads.</summary>
    public string? TimingNote { get; init; }

    public string? Footer { get; init; }

    /// <summary>Milliseconds an input at the chosen setting, and through the whole network, measured in turns one at a time; null: not measured.</summary>
    public (double Dynamic, double Full)? InTurns { get; init; }
}
