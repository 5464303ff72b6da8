namespace ManagedDyn.Engine.Operators;

/// <summary>What becomes of the losses of the rows of a batch.</summary>
public enum LossReduction
{
    /// <summary>Their mean, by weight: one number.</summary>
    Mean,

    /// <summary>Their sum: one number.</summary>
    Sum,

    /// <summary>They stay apart: one number a row.</summary>
    None,
}
