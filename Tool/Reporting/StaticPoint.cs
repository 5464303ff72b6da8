namespace ManagedDyn.Tool.Reporting;

/// <summary>A network without decisions, to compare with.</summary>
public sealed record StaticPoint(string Name, double Macs, double Accuracy)
{
    public double? Milliseconds { get; init; }
}
