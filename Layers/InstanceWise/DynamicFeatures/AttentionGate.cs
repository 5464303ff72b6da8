namespace ManagedDyn.Layers.InstanceWise.DynamicFeatures;

/// <summary>The function that turns a number into the weight of a feature.</summary>
public enum AttentionGate
{
    /// <summary>1 / (1 + e⁻ᶻ).</summary>
    Sigmoid,

    /// <summary>min(max(z + 3, 0), 6) / 6: cheaper, and 0 or 1 beyond ±3.</summary>
    HardSigmoid,
}
