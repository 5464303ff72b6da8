using System.Collections.Generic;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Inference.Calibration;
using ManagedDyn.Tool.Reporting;

namespace ManagedDyn.Tool.Evaluation;

/// <summary>What a model is worth on a test set, with thresholds that a validation set gave.</summary>
public sealed record EvaluationResult(Model Model, string DataSet, int Samples, AccuracyComputeCurve Curve)
{
    /// <summary>What the samples are, in the plural.</summary>
    public string Noun { get; init; } = "samples";

    /// <summary>The setting that the summary is about: the model's first operating point, on the test set.</summary>
    public CurvePoint? Chosen { get; init; }

    /// <summary>The accuracy among the samples that left at each exit at the chosen setting; NaN where nobody did.</summary>
    public IReadOnlyList<double> ExitAccuracies { get; init; } = [];

    public IReadOnlyList<double> CalibrationErrors { get; init; } = [];

    public IReadOnlyList<double> UncalibratedErrors { get; init; } = [];

    public IReadOnlyList<ExampleInput> Easiest { get; init; } = [];

    public IReadOnlyList<ExampleInput> Hardest { get; init; } = [];

    /// <summary>The chosen setting against the whole network, by batch size.</summary>
    public IReadOnlyList<TimeRatio> Times { get; init; } = [];

    /// <summary>Where classes are levels of a number: the mean squared error of the whole network's numbers; null: classes are classes.</summary>
    public double? SquaredError { get; init; }

    /// <summary>How inputs of none of the classes are turned away; null: the data set has none.</summary>
    public RejectionResult? Rejection { get; init; }

    /// <summary>How much of each dynamic layer the inputs use at the chosen setting; empty where only exits decide.</summary>
    public IReadOnlyList<DecisionUsage> Usage { get; init; } = [];

    public IReadOnlyList<StaticPoint> Static { get; init; } = [];
}
