using System;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>Values decisions by what came of them.</summary>
public abstract class PolicyReward
{
    /// <summary>The reward with its settings.</summary>
    public abstract string Description { get; }

    /// <summary>Computes the return of each decision about one sample: the reward that followed from it.</summary>
    /// <param name="outcome">What came of the decisions.</param>
    /// <param name="returns">Takes one number for each decision.</param>
    public abstract void Evaluate(in PolicyOutcome outcome, Span<float> returns);
}
