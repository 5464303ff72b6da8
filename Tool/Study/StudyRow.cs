using System.Collections.Generic;

namespace ManagedDyn.Tool.Study;

/// <summary>A row of a study with what its runs came to, one for each seed, and the times of the first seed's models.</summary>
public sealed record StudyRow(StudyEntry Entry, IReadOnlyList<StudyRun> Method, IReadOnlyList<StudyRun> Static)
{
    // Time follows arithmetic so closely; what adds accuracy takes no more than this.
    private const double Overhead = 1.2;
    private const double MoreMacs = 1.1;

    /// <summary>Milliseconds an input, one at a time, one thread; NaN: not measured.</summary>
    public double MethodMilliseconds { get; init; } = double.NaN;

    /// <summary>The same of the static counterpart, measured in turns with the method.</summary>
    public double StaticMilliseconds { get; init; } = double.NaN;

    public PairedDifference Accuracy => PairedDifference.Of(Accuracies(Method), Accuracies(Static));

    public double MethodAccuracy => Mean(Accuracies(Method));

    public double StaticAccuracy => Mean(Accuracies(Static));

    public double MethodMacs => Mean(Macs(Method));

    public double StaticMacs => Mean(Macs(Static));

    public double MacsRatio => MethodMacs / StaticMacs;

    public double TimeRatio => MethodMilliseconds / StaticMilliseconds;

    /// <summary>How much of the saved arithmetic the clock sees: 1 is all of it.</summary>
    public double TimeOverMacs => TimeRatio / MacsRatio;

    /// <summary>Whether the row shows what its family is asked to show; time counts only where it was measured.</summary>
    public bool IsMet => Entry.Claim == StudyClaim.SavesCompute
        ? MacsRatio <= Entry.MostMacs && Accuracy.Mean >= -Entry.MostLost && !(TimeOverMacs > Overhead)
        : MacsRatio <= MoreMacs && Accuracy.Mean >= 0;

    private static double[] Accuracies(IReadOnlyList<StudyRun> runs)
    {
        double[] values = new double[runs.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = runs[i].Accuracy;
        }

        return values;
    }

    private static double[] Macs(IReadOnlyList<StudyRun> runs)
    {
        double[] values = new double[runs.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = runs[i].MeanMacs;
        }

        return values;
    }

    private static double Mean(double[] values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value;
        }

        return sum / values.Length;
    }
}
