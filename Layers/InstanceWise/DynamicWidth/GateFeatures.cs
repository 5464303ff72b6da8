using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.InstanceWise.DynamicWidth;

/// <summary>What gates look at: vectors as they are, and the mean of each channel of a map.</summary>
internal static class GateFeatures
{
    /// <summary>[N, features] of [N, features] or [N, H, W, channels].</summary>
    public static Tensor Of(Context context, Tensor input) => input.Shape.Rank == 4 ? context.GlobalAveragePool(input) : input;

    /// <summary>The shape that <see cref="Of(Context, Tensor)"/> gives.</summary>
    public static Shape ShapeOf(Shape input, int features)
    {
        if (input.Rank is not (2 or 4) || input[-1] != features)
        {
            throw new ArgumentException($"The gate was given shape {input}; expected [N, {features}] or [N, height, width, {features}].", nameof(input));
        }

        return new Shape(input[0], features);
    }

    /// <summary>Whether the caller trains and listens to terms of the loss.</summary>
    public static bool Trains(Context context) => context.Ledger is not null && context.Decisions == Engine.Execution.Decisions.Relaxed;
}
