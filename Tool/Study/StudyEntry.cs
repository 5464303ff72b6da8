using ManagedDyn.Tool.Training;

namespace ManagedDyn.Tool.Study;

/// <summary>One row of a study: a method and the static network that it is compared with, both trained by the same plan.</summary>
/// <param name="Name">The row's name, such as "attention-resnet srm".</param>
/// <param name="Method">How the method is trained; data, epochs and seed are the study's.</param>
/// <param name="Static">How its static counterpart is trained.</param>
/// <param name="Claim">What the method promises.</param>
public sealed record StudyEntry(string Name, TrainingPlan Method, TrainingPlan Static, StudyClaim Claim)
{
    /// <summary>For what saves compute: the share of the static counterpart's multiply-adds that it may take.</summary>
    public double MostMacs { get; init; } = 0.7;

    /// <summary>Whether a network with exits shall use all of that share, rather than the part of it at which it is most accurate on validation samples.</summary>
    public bool Spends { get; init; }

    /// <summary>For what saves compute: the accuracy that it may lose, of 1.</summary>
    public double MostLost { get; init; } = 0.005;
}
