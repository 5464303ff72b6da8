using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Decisions.Gates;

/// <summary>
/// The feed-forward gates of SkipNet (Wang et al., ECCV 2018, section 3.2 and figure 3): maximum over 2×2, then with two convolutions a 3×3 at stride 1 and
/// one at stride 2 (FFGate-I), with one the latter only (FFGate-II), each with normalisation and ReLU, then the mean over all pixels and a linear layer.
/// </summary>
/// <remarks>The paper's softmax of two is the sigmoid of one logit here. Images of less than 2 rows or columns are not pooled.</remarks>
public sealed class FeedForwardGate : DecisionRule
{
    private readonly ConvBlock? _first;
    private readonly ConvBlock _second;
    private readonly GateLinear _head;
    private readonly BinaryRelaxation _relaxation;

    /// <summary>Makes a gate.</summary>
    /// <param name="channels">Channels of the features.</param>
    /// <param name="convolutions">1 or 2.</param>
    /// <param name="width">Channels of the convolutions; 0: those of the features, as in the paper.</param>
    /// <param name="openness">The logit of running at the beginning.</param>
    /// <param name="relaxation">How it is trained; none: straight-through.</param>
    public FeedForwardGate(int channels, int convolutions = 1, int width = 0, float openness = 2, BinaryRelaxation? relaxation = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(width);
        if (convolutions is not (1 or 2))
        {
            throw new ArgumentOutOfRangeException(nameof(convolutions), convolutions, "Expected 1 or 2 convolutions.");
        }

        width = width == 0 ? channels : width;
        _first = convolutions == 2 ? Add("first", new ConvBlock(channels, width, 3)) : null;
        _second = Add("second", new ConvBlock(convolutions == 2 ? width : channels, width, 3, stride: 2));
        _head = Add("head", new GateLinear(width, 1, openness));
        _relaxation = relaxation ?? new SigmoidRelaxation();
    }

    /// <inheritdoc/>
    public override Decision Decide(Context context, Tensor features)
    {
        ArgumentNullException.ThrowIfNull(context);
        Tensor logits;
        using (WorkspaceScope scope = context.Workspace.Enter())
        {
            Tensor pooled = IsPooled(features.Shape) ? context.MaxPool2d(features, 2) : features;
            pooled = _first is null ? pooled : _first.Forward(context, pooled);
            logits = scope.Keep(_head.Forward(context, context.GlobalAveragePool(_second.Forward(context, pooled))));
        }

        return context.DecideSamples(logits, _relaxation, this);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape features)
    {
        Shape shape = IsPooled(features) ? new Shape(features[0], features[1] / 2, features[2] / 2, features[3]) : features;
        long macs = 0;
        if (_first is not null)
        {
            macs = _first.CountMacs(shape);
            shape = _first.OutputShape(shape);
        }

        Shape last = _second.OutputShape(shape);
        return macs + _second.CountMacs(shape) + _head.CountMacs(new Shape(last[0], last[3]));
    }

    private static bool IsPooled(Shape features) => features.Rank == 4
        ? features[1] >= 2 && features[2] >= 2
        : throw new ArgumentException($"The features have shape {features}; expected images [N, H, W, C].", nameof(features));
}
