namespace ManagedDyn.Tool.Reporting;

/// <summary>One exit when every input leaves there.</summary>
public sealed record ExitSummary(string Name, double Macs, double Accuracy)
{
    /// <summary>Milliseconds per input, when measured.</summary>
    public double? Milliseconds { get; init; }

    /// <summary>Expected calibration error after calibration, and before.</summary>
    public double? CalibrationError { get; init; }

    public double? UncalibratedError { get; init; }
}
