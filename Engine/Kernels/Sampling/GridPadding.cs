namespace ManagedDyn.Engine.Kernels.Sampling;

/// <summary>What a place outside a map reads.</summary>
public enum GridPadding
{
    /// <summary>Zero.</summary>
    Zeros,

    /// <summary>The nearest pixel of the border.</summary>
    Border,

    /// <summary>The place mirrored at the border, as often as it takes.</summary>
    Reflection,
}
