using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Decisions;

/// <summary>
/// What a <see cref="LayerPolicy"/> knows of one forward pass: made empty by the network that runs, and handed on from layer to layer. So a policy itself
/// holds nothing that changes and can serve many threads.
/// </summary>
public struct LayerPolicyState
{
    /// <summary>The hidden state of a recurrent gate, [N, hidden]; none before the first layer.</summary>
    public Tensor Hidden { get; set; }

    /// <summary>The cell of a recurrent gate, [N, hidden]; none before the first layer.</summary>
    public Tensor Cell { get; set; }

    /// <summary>Scores of all layers, decided at once, [N, layers].</summary>
    public Tensor Scores { get; set; }

    /// <summary>log π(a) of all layers, decided at once, [N, layers]; none unless actions were drawn.</summary>
    public Tensor LogProbabilities { get; set; }
}
