namespace ManagedDyn.Tool.Reporting.Plots;

public enum AxisScale
{
    Linear,
    Logarithmic,
}
