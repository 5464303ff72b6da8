namespace ManagedDyn.Layers.Models;

/// <summary>What an <see cref="EarlyStopNet"/> reads a sequence with.</summary>
public enum EarlyStopTrunk
{
    /// <summary>A long short-term memory.</summary>
    Lstm,

    /// <summary>Gated recurrent units.</summary>
    Gru,

    /// <summary>Causal dilated convolutions and the largest value of each channel so far.</summary>
    Convolution,
}
