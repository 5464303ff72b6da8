namespace ManagedDyn.Layers.Models;

/// <summary>What makes the kernels of a <see cref="DynamicConvResNet"/>.</summary>
public enum DynamicConvKind
{
    /// <summary>Experts mixed by a sigmoid routing: <see cref="InstanceWise.DynamicParameters.CondConv"/>.</summary>
    CondConv,

    /// <summary>Kernels mixed by a softmax attention with annealed temperature: <see cref="InstanceWise.DynamicParameters.DynamicConvolution"/>.</summary>
    DyCnn,

    /// <summary>Weights predicted from the pooled input: <see cref="InstanceWise.DynamicParameters.WeightNet"/>.</summary>
    WeightNet,

    /// <summary>A bank of filters generated for each sample: <see cref="InstanceWise.DynamicParameters.DynamicFilterConvolution"/>.</summary>
    DynamicFilter,

    /// <summary>Kernels that one hypernetwork makes from each layer's embeddings: <see cref="InstanceWise.DynamicParameters.HyperConvolution"/>.</summary>
    Hyper,
}
