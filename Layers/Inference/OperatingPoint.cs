namespace ManagedDyn.Layers.Inference;

/// <summary>Thresholds with a name, and what they gave on the validation set that they were found on.</summary>
/// <param name="Name">The name by which a budget asks for them.</param>
/// <param name="Thresholds">One threshold for each exit but the last.</param>
public sealed record OperatingPoint(string Name, ExitThresholds Thresholds)
{
    /// <summary>The mean MACs a sample that the thresholds were made to keep to; 0: they were made for an accuracy.</summary>
    public long MacsBudget { get; init; }

    /// <summary>The accuracy on the validation set, from 0 to 1; NaN when it was not measured.</summary>
    public double ExpectedAccuracy { get; init; } = double.NaN;

    /// <summary>The mean MACs a sample on the validation set; NaN when they were not measured.</summary>
    public double ExpectedMacs { get; init; } = double.NaN;
}
