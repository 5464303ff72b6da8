namespace ManagedDyn.Layers.Models;

/// <summary>By what an <see cref="EarlyStopNet"/> stops.</summary>
public enum EarlyStopRule
{
    /// <summary>The confidence of the answer, as the model's criterion has it.</summary>
    Confidence,

    /// <summary>A gate that is trained to know whether the answer is right.</summary>
    Learned,

    /// <summary>A policy that is rewarded for right answers and for stopping early.</summary>
    Policy,
}
