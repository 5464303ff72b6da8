namespace ManagedDyn.Tool.Reporting.Plots;

/// <summary>How the numbers of an axis are written.</summary>
public enum ValueFormat
{
    /// <summary>As they are.</summary>
    Plain,

    /// <summary>Fractions of one, as percents.</summary>
    Percent,

    /// <summary>With a decimal prefix: 12 M.</summary>
    Scaled,
}
