namespace ManagedDyn.Engine.Execution;

/// <summary>What a network is run for: which statistics and noise its layers use.</summary>
public enum Mode
{
    /// <summary>Frozen statistics, no dropout: a sample's result depends on that sample alone.</summary>
    Evaluate,

    /// <summary>Batch statistics (which update the running ones) and dropout.</summary>
    Train,
}
