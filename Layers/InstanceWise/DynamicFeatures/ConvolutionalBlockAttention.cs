using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicFeatures;

/// <summary>
/// Attention over channels, then over pixels: a = σ(MLP(mean) + MLP(max)), s = <see cref="SpatialAttention"/> of x ⊙ a, y = (x ⊙ a) · s (Woo et al.,
/// "CBAM: Convolutional Block Attention Module", ECCV 2018, section 3).
/// </summary>
/// <remarks>The scaled map x ⊙ a is never written: its largest values and means are taken as it is scaled, and y is made of x in one pass.</remarks>
public sealed class ConvolutionalBlockAttention : FeatureAttention
{
    private readonly Linear _squeeze;
    private readonly Linear _excite;
    private readonly SpatialAttention _spatial;

    /// <summary>Makes an attention.</summary>
    /// <param name="channels">C.</param>
    /// <param name="reduction">C / hidden width.</param>
    /// <param name="kernel">The kernel of the attention over pixels, odd.</param>
    /// <param name="normalizes">Whether its convolution is normalised, as in the authors' code, instead of having a bias.</param>
    public ConvolutionalBlockAttention(int channels, int reduction = 16, int kernel = 7, bool normalizes = false)
        : base(channels)
    {
        int hidden = Hidden(channels, reduction);
        _squeeze = Add("fc1", new Linear(channels, hidden));
        _excite = Add("fc2", new Linear(hidden, channels));
        _spatial = Add("pixels", new SpatialAttention(channels, kernel, normalizes));
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        Shape pooled = new(OutputShape(input)[0], 2, Channels);
        return _squeeze.CountMacs(pooled) + _excite.CountMacs(_squeeze.OutputShape(pooled)) + _spatial.CountMacs(input);
    }

    /// <summary>The weights a of the channels.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, H, W, C].</param>
    /// <returns>[N, C].</returns>
    public Tensor ChannelWeights(Context context, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor hidden = context.Relu(_squeeze.Forward(context, context.MeanAndMaximumPool(input)));
        return scope.Keep(context.Sigmoid(context.Sum(_excite.Forward(context, hidden), axis: 1)));
    }

    /// <summary>The weights s of the pixels, after the channels have theirs.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, H, W, C].</param>
    /// <param name="channels">a, [N, C].</param>
    /// <returns>[N, H, W, 1].</returns>
    public Tensor PixelWeights(Context context, Tensor input, Tensor channels) => _spatial.Weights(context, input, channels);

    /// <inheritdoc/>
    protected override Tensor Apply(Context context, Tensor input, Tensor residual, Activation activation)
    {
        Tensor channels = ChannelWeights(context, input);
        return context.Recalibrate(input, channels, PixelWeights(context, input, channels), residual, activation);
    }
}
