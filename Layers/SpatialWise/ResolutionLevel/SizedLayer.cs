using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.ResolutionLevel;

/// <summary>
/// A part of a network that is run at several sizes of its input: it has the same weights for all of them, and what depends on the size, such as the statistics of
/// its normalisations, once for each (Zhu et al., "Dynamic resolution network", NeurIPS 2021, section 3.3).
/// </summary>
public abstract class SizedLayer : Module
{
    /// <summary>Makes a layer.</summary>
    /// <param name="sizes">The number of sizes, at least 1.</param>
    protected SizedLayer(int sizes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sizes, 1);
        SizeCount = sizes;
    }

    /// <summary>The number of sizes.</summary>
    public int SizeCount { get; }

    /// <summary>Runs the layer.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, …].</param>
    /// <param name="size">The number of the input's size.</param>
    public Tensor Forward(Context context, Tensor input, int size)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(size, SizeCount);
        using MeterTurn turn = new(context, this);
        return Run(context, input, size);
    }

    /// <summary>The shape of the output for a shape of the input, batch included.</summary>
    /// <param name="input">The input's shape.</param>
    public abstract Shape OutputShape(Shape input);

    /// <summary>The MACs for a shape of the input, batch included.</summary>
    /// <param name="input">The input's shape.</param>
    public abstract long CountMacs(Shape input);

    /// <summary>Computes the output.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, …].</param>
    /// <param name="size">The number of the input's size.</param>
    protected abstract Tensor Run(Context context, Tensor input, int size);
}
