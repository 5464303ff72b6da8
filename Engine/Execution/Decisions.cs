namespace ManagedDyn.Engine.Execution;

/// <summary>The form in which dynamic layers take their decisions.</summary>
public enum Decisions
{
    /// <summary>The hard choice: what is not selected is not computed.</summary>
    Hard,

    /// <summary>The relaxed choice of training: all is computed and weighted, so that gradients reach the decision.</summary>
    Relaxed,
}
