using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicFeatures;

/// <summary>
/// Channel attention from means, y = x ⊙ a with a = gate(W₂ ReLU(W₁ GAP(x) + b₁) + b₂) (Hu et al., "Squeeze-and-Excitation Networks", CVPR 2018,
/// sections 3.1 and 3.2).
/// </summary>
/// <remarks>
/// The weights may come from other features than those they weigh, y ⊙ A(x), as the survey lists it: see the overload of Forward with a source.
/// Deviations: the paper leaves biases out (section 6.1) and their release has them, which is the default here; the hard sigmoid is MobileNetV3's.
/// </remarks>
public sealed class SqueezeExcitation : FeatureAttention
{
    private readonly Linear _squeeze;
    private readonly Linear _excite;
    private readonly AttentionGate _gate;
    private readonly int _sourceChannels;

    /// <summary>Makes an attention.</summary>
    /// <param name="channels">C.</param>
    /// <param name="reduction">C / hidden width.</param>
    /// <param name="gate">The function that gives the weights.</param>
    /// <param name="bias">Whether the two layers have biases.</param>
    /// <param name="sourceChannels">Channels of the features that the weights come from; 0: those of the features that they weigh.</param>
    public SqueezeExcitation(int channels, int reduction = 16, AttentionGate gate = AttentionGate.Sigmoid, bool bias = true, int sourceChannels = 0)
        : base(channels)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sourceChannels);
        _sourceChannels = sourceChannels == 0 ? channels : sourceChannels;
        int hidden = Hidden(_sourceChannels, reduction);
        _gate = gate;
        _squeeze = Add("fc1", new Linear(_sourceChannels, hidden, bias));
        _excite = Add("fc2", new Linear(hidden, channels, bias));
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        Shape pooled = new(OutputShape(input)[0], _sourceChannels);
        return _squeeze.CountMacs(pooled) + _excite.CountMacs(_squeeze.OutputShape(pooled));
    }

    /// <summary>The weights a of the channels.</summary>
    /// <param name="context">The context.</param>
    /// <param name="source">x, [N, H, W, channels of the source].</param>
    /// <returns>[N, C].</returns>
    public Tensor Weights(Context context, Tensor source)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor hidden = context.Relu(_squeeze.Forward(context, context.GlobalAveragePool(source)));
        Tensor logits = _excite.Forward(context, hidden);
        return scope.Keep(_gate == AttentionGate.HardSigmoid ? context.HardSigmoid(logits) : context.Sigmoid(logits));
    }

    /// <summary>y ⊙ A(x): weighs some features by others.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">y, [N, H, W, C].</param>
    /// <param name="source">x, [N, any rows, any columns, channels of the source].</param>
    public Tensor Forward(Context context, Tensor input, Tensor source)
    {
        ArgumentNullException.ThrowIfNull(context);
        _ = OutputShape(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(context.Recalibrate(input, Weights(context, source)));
    }

    /// <inheritdoc/>
    protected override Tensor Apply(Context context, Tensor input, Tensor residual, Activation activation) =>
        context.Recalibrate(input, Weights(context, input), default, residual, activation);
}
