using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicDepth;

/// <summary>
/// Layers one after another, some of which a sample may skip: x ← g·F(x) + (1 − g)·x with g of 0 or 1 from a policy (Wang et al., "SkipNet", ECCV 2018; Veit
/// and Belongie, "ConvNet-AIG", ECCV 2018; Wu et al., "BlockDrop", CVPR 2018). The layers are named "0", "1", … as those of <see cref="Sequential"/>.
/// </summary>
public sealed class GatedSequence : Layer
{
    private readonly Layer[] _layers;
    private readonly bool[] _isGated;
    private readonly LayerPolicy _policy;

    /// <summary>Makes a sequence.</summary>
    /// <param name="layers">The layers, first to last.</param>
    /// <param name="isGated">Which of them may be skipped; their output must have their input's shape.</param>
    /// <param name="policy">Decides about the gated layers, in their order.</param>
    /// <exception cref="ArgumentException">The numbers of layers do not fit.</exception>
    public GatedSequence(ReadOnlySpan<Layer> layers, ReadOnlySpan<bool> isGated, LayerPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        if (layers.Length != isGated.Length || policy.LayerCount != CountGated(isGated))
        {
            throw new ArgumentException($"A policy for {policy.LayerCount} layers was given for {CountGated(isGated)} gated ones of {layers.Length}, of which {isGated.Length} are told; expected equal numbers.", nameof(policy));
        }

        _layers = layers.ToArray();
        _isGated = isGated.ToArray();
        for (int i = 0; i < _layers.Length; i++)
        {
            Add(i.ToString(CultureInfo.InvariantCulture), _layers[i]);
        }

        _policy = Add("policy", policy);
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        foreach (Layer layer in _layers)
        {
            input = layer.OutputShape(input);
        }

        return input;
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        long macs = _policy.CountBeginMacs(input);
        int gated = 0;
        for (int i = 0; i < _layers.Length; i++)
        {
            macs += _layers[i].CountMacs(input) + (_isGated[i] ? _policy.CountMacs(gated++, input) : 0);
            input = _layers[i].OutputShape(input);
        }

        return macs;
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        LayerPolicyState state = default;
        _policy.Begin(context, input, ref state);
        Tensor current = input;
        int gated = 0;
        for (int i = 0; i < _layers.Length; i++)
        {
            // Decisions are small and live to the end; features are given back as soon as the next layer has seen them.
            Decision decision = _isGated[i] ? _policy.Decide(context, gated++, current, ref state) : default;
            Tensor next;
            using (WorkspaceScope inner = context.Workspace.Enter())
            {
                next = inner.Keep(_isGated[i] ? context.Gate(in decision, current, _layers[i]) : _layers[i].Forward(context, current));
            }

            if (!current.SharesMemoryWith(input) && !current.SharesMemoryWith(next))
            {
                context.Workspace.Recycle(current);
            }

            current = next;
        }

        return scope.Keep(current);
    }

    private static int CountGated(ReadOnlySpan<bool> isGated)
    {
        int count = 0;
        foreach (bool one in isGated)
        {
            count += one ? 1 : 0;
        }

        return count;
    }
}
