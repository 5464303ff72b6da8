namespace ManagedDyn.Layers.Models;

/// <summary>How a <see cref="FeedForwardNet"/> chooses what it computes.</summary>
public enum FeedForwardMethod
{
    /// <summary>All neurons, always.</summary>
    Static,

    /// <summary>Blocks of neurons that a gate opens (Bengio et al., 2015).</summary>
    Blocks,

    /// <summary>Neurons whose sign is estimated to be positive (Davis and Arel, 2013).</summary>
    Signs,
}
