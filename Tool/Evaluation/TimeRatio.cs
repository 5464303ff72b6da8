namespace ManagedDyn.Tool.Evaluation;

/// <summary>Time and multiply-adds of a setting and of the whole network on the same inputs, in calls of one batch size.</summary>
public sealed record TimeRatio(int Batch, double FullMilliseconds, double Milliseconds, double MacsRatio)
{
    public double Ratio => Milliseconds / FullMilliseconds;

    /// <summary>How much of the saved arithmetic the clock sees: 1 is all of it.</summary>
    public double Overhead => Ratio / MacsRatio;
}
