using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Decisions.Gates;

/// <summary>What gates look at: the mean of images over their pixels, and rows of features as they are.</summary>
internal static class GateFeatures
{
    /// <summary>[N, C] of [N, H, W, C] or [N, C].</summary>
    public static Tensor Of(Context context, Tensor features) => features.Shape.Rank switch
    {
        2 => features,
        4 => context.GlobalAveragePool(features),
        _ => throw new ArgumentException($"The features have shape {features.Shape}; expected images [N, H, W, C] or rows [N, C].", nameof(features)),
    };

    /// <summary>The shape that <see cref="Of(Context, Tensor)"/> gives.</summary>
    public static Shape ShapeOf(Shape features, int channels)
    {
        if (features.Rank is not (2 or 4) || features[-1] != channels)
        {
            throw new ArgumentException($"The features have shape {features}; expected images [N, H, W, {channels}] or rows [N, {channels}].", nameof(features));
        }

        return new Shape(features[0], channels);
    }

    /// <summary>Whether the caller trains and listens to terms of the loss.</summary>
    public static bool Trains(Context context) => context.Ledger is not null && context.Decisions == Engine.Execution.Decisions.Relaxed;
}
