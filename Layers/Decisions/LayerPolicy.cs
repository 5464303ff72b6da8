using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Decisions;

/// <summary>
/// Decides which layers of a network run for which samples. Gates of their own, one gate shared over depth and a policy network that sees the input once
/// are all of this kind, so they can be put in each other's place.
/// </summary>
public abstract class LayerPolicy : Module
{
    /// <summary>Makes a policy.</summary>
    /// <param name="layerCount">The number of layers that it decides about.</param>
    protected LayerPolicy(int layerCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layerCount);
        LayerCount = layerCount;
    }

    /// <summary>The number of layers that it decides about.</summary>
    public int LayerCount { get; }

    /// <summary>Begins a forward pass.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">The network's input, [N, …].</param>
    /// <param name="state">An empty state; what is put into it lives in the scope that is open now.</param>
    public void Begin(Context context, Tensor input, ref LayerPolicyState state)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        OnBegin(context, input, ref state);
    }

    /// <summary>Decides for which samples one layer runs; layers are asked about in order.</summary>
    /// <param name="context">The context.</param>
    /// <param name="layer">From 0.</param>
    /// <param name="features">The layer's input, [N, …].</param>
    /// <param name="state">The state of this pass.</param>
    public Decision Decide(Context context, int layer, Tensor features, ref LayerPolicyState state)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, LayerCount);
        using MeterTurn turn = new(context, this);
        return OnDecide(context, layer, features, ref state);
    }

    /// <summary>MACs of <see cref="Begin"/> for a shape of the network's input, batch included.</summary>
    /// <param name="input">The input's shape.</param>
    public virtual long CountBeginMacs(Shape input) => 0;

    /// <summary>MACs of <see cref="Decide"/> for a shape of a layer's input, batch included.</summary>
    /// <param name="layer">From 0.</param>
    /// <param name="features">The shape.</param>
    public abstract long CountMacs(int layer, Shape features);

    /// <summary>Looks at the network's input.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">The network's input, [N, …].</param>
    /// <param name="state">An empty state.</param>
    protected virtual void OnBegin(Context context, Tensor input, ref LayerPolicyState state)
    {
    }

    /// <summary>Decides about one layer.</summary>
    /// <param name="context">The context.</param>
    /// <param name="layer">From 0.</param>
    /// <param name="features">The layer's input, [N, …].</param>
    /// <param name="state">The state of this pass.</param>
    protected abstract Decision OnDecide(Context context, int layer, Tensor features, ref LayerPolicyState state);
}
