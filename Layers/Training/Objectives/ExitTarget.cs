namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>When an answer counts as final for the gates that <see cref="LearnedExits"/> trains.</summary>
public enum ExitTarget
{
    /// <summary>When its label is right (BERxiT).</summary>
    Right,

    /// <summary>When its loss is below a bound that rises with the exits, ε·exp(β·k) at exit k (FrameExit).</summary>
    SmallLoss,
}
