using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Decisions.Gates;

/// <summary>What gates look at.</summary>
internal static class GateFeatures
{
    /// <summary>The mean of images over their pixels, [N, C]; rows of features as they are.</summary>
    public static Tensor Pool(Context context, Tensor features) => features.Shape.Rank switch
    {
        2 => features,
        4 => context.GlobalAveragePool(features),
        _ => throw new ArgumentException($"The features have shape {features.Shape}; expected images [N, H, W, C] or rows [N, C].", nameof(features)),
    };
}
