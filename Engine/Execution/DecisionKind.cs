namespace ManagedDyn.Engine.Execution;

/// <summary>What a decision chooses among: the universe of its selection.</summary>
public enum DecisionKind
{
    /// <summary>For which samples a branch runs.</summary>
    Samples,

    /// <summary>Channels, neurons, or groups of them.</summary>
    Channels,

    /// <summary>Experts of a mixture.</summary>
    Experts,

    /// <summary>Branches, paths or children of a node.</summary>
    Branches,

    /// <summary>Pixels of a feature map.</summary>
    Pixels,

    /// <summary>Crops or tiles of an image.</summary>
    Regions,

    /// <summary>Sizes to which an input is scaled.</summary>
    Resolutions,

    /// <summary>Tokens of a sequence.</summary>
    Tokens,

    /// <summary>Time steps or frames.</summary>
    Steps,

    /// <summary>Whether the answer of an exit may be the last.</summary>
    Exits,
}
