namespace ManagedDyn.Layers.Models;

/// <summary>How gates learn whether they were right to open.</summary>
public enum GateTraining
{
    /// <summary>Straight through: logistic noise, a hard decision forward, and the gradient of the soft one (Jang et al., ICLR 2017).</summary>
    StraightThrough,

    /// <summary>Policy gradient: decisions are drawn, and carry the logarithm of their probability for an objective that rewards them.</summary>
    PolicyGradient,
}
