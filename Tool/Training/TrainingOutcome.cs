using System;
using System.Collections.Generic;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Training;
using ManagedDyn.Tool.Reporting;

namespace ManagedDyn.Tool.Training;

/// <summary>What a training run left: the network, what brings images to its input, and its course.</summary>
public sealed record TrainingOutcome(StagedNetwork Network, InputEncoding? Encoding, TrainingResult Result, IReadOnlyList<EpochRecord> Epochs)
{
    public TimeSpan Elapsed => Result.Elapsed;

    public bool IsComplete => Result.Status == TrainingStatus.Completed;
}
