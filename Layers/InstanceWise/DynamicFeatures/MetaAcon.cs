using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicFeatures;

/// <summary>
/// <see cref="Acon"/> whose switch the input sets: β = σ(norm(W₂ norm(W₁ GAP(x)))) for each sample and channel, without an activation between the two
/// layers (Ma et al., "Activate or Not: Learning Customized Activation", CVPR 2021, section 3.3). [N, H, W, C] to the same.
/// </summary>
/// <remarks>Deviation: the paper has no normalisation of the two layers; the authors' code has, and it is the default here.</remarks>
public sealed class MetaAcon : Layer
{
    private readonly int _channels;
    private readonly Linear _squeeze;
    private readonly BatchNorm2d? _squeezeNorm;
    private readonly Linear _excite;
    private readonly BatchNorm2d? _exciteNorm;

    /// <summary>Makes an activation.</summary>
    /// <param name="channels">C.</param>
    /// <param name="hidden">The hidden width; 0: C / 16, at least 16, as in the authors' code.</param>
    /// <param name="normalizes">Whether both layers are normalised.</param>
    public MetaAcon(int channels, int hidden = 0, bool normalizes = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(hidden);
        _channels = channels;
        int width = hidden == 0 ? Math.Max(16, channels / 16) : hidden;
        First = AddParameter("p1", new Shape(channels), decays: false);
        Second = AddParameter("p2", new Shape(channels), decays: false);
        _squeeze = Add("fc1", new Linear(channels, width));
        _squeezeNorm = normalizes ? Add("bn1", new BatchNorm2d(width)) : null;
        _excite = Add("fc2", new Linear(width, channels));
        _exciteNorm = normalizes ? Add("bn2", new BatchNorm2d(channels)) : null;
    }

    /// <summary>p₁, [C].</summary>
    public Parameter First { get; }

    /// <summary>p₂, [C].</summary>
    public Parameter Second { get; }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        if (input.Rank != 4 || input[3] != _channels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, {_channels}].", nameof(input));
        }

        return input;
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        Shape pooled = new(OutputShape(input)[0], _channels);
        return _squeeze.CountMacs(pooled) + _excite.CountMacs(_squeeze.OutputShape(pooled));
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        Initializers.Normal(First, random, 1f);
        Initializers.Normal(Second, random, 1f, stream: 1);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        _ = OutputShape(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor hidden = _squeeze.Forward(context, context.GlobalAveragePool(input));
        hidden = _squeezeNorm is null ? hidden : _squeezeNorm.Forward(context, hidden, Activation.None);
        Tensor logits = _excite.Forward(context, hidden);
        logits = _exciteNorm is null ? logits : _exciteNorm.Forward(context, logits, Activation.None);
        return scope.Keep(context.Acon(input, First.Value, Second.Value, context.Sigmoid(logits)));
    }
}
