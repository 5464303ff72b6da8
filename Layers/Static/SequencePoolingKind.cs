namespace ManagedDyn.Layers.Static;

/// <summary>What stands for a whole sequence.</summary>
public enum SequencePoolingKind
{
    /// <summary>The mean over its steps.</summary>
    Mean,

    /// <summary>The maximum over its steps, for each channel.</summary>
    Maximum,

    /// <summary>Its first step.</summary>
    First,

    /// <summary>Its last step.</summary>
    Last,
}
