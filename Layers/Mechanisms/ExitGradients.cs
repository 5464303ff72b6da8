namespace ManagedDyn.Layers.Mechanisms;

/// <summary>How the gradients of a network's exits meet in the trunk that they share.</summary>
public enum ExitGradients
{
    /// <summary>They add up: early parts of the trunk get the gradients of all exits behind them.</summary>
    Sum,

    /// <summary>
    /// Gradient equilibrium: with r exits left, this one included, the trunk takes 1/r of this exit's gradient and (r − 1)/r of what comes from behind, so that
    /// every part of the trunk gets the mean of the exits behind it and not their sum (Li et al., "Improved techniques for training adaptive deep networks", ICCV
    /// 2019, section 3.1).
    /// </summary>
    Equilibrium,

    /// <summary>Only the last exit trains the trunk; the others learn to read what is there (Kaya et al., "Shallow-deep networks", ICML 2019, IC-only training).</summary>
    LastOnly,
}
