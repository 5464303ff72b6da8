namespace ManagedDyn.Layers.Inference;

/// <summary>Where a budget's thresholds come from.</summary>
internal enum BudgetRule
{
    /// <summary>There are none: nobody leaves for being sure.</summary>
    None,

    /// <summary>One number for all exits.</summary>
    Uniform,

    /// <summary>The caller's own.</summary>
    Explicit,

    /// <summary>An operating point of the model, times a strictness.</summary>
    Point,
}
