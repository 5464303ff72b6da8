using System.Collections.Generic;

namespace ManagedDyn.Tool.Reporting;

/// <summary>One epoch of training: the mean loss and the validation accuracy of each exit.</summary>
public sealed record EpochRecord(int Epoch, double Loss, IReadOnlyList<double> Accuracies)
{
    public double? ValidationLoss { get; init; }

    public double? LearningRate { get; init; }
}
