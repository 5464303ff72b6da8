using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicFeatures;

/// <summary>
/// Attention over pixels, y = x · σ([norm] conv_k([max over channels of x; mean over channels of x])) (Woo et al., "CBAM", ECCV 2018, section 3.2).
/// </summary>
/// <remarks>Deviation: the paper has a convolution alone; the authors' code has one without bias and a batch normalisation: both can be had.</remarks>
public sealed class SpatialAttention : FeatureAttention
{
    private readonly NormalizedConvolution _conv;

    /// <summary>Makes an attention.</summary>
    /// <param name="channels">C.</param>
    /// <param name="kernel">k, odd.</param>
    /// <param name="normalizes">Whether the convolution is normalised, as in the authors' code, instead of having a bias.</param>
    public SpatialAttention(int channels, int kernel = 7, bool normalizes = false)
        : base(channels)
    {
        if (kernel < 1 || kernel % 2 == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(kernel), kernel, "The kernel of a spatial attention must be odd.");
        }

        _conv = Add("spatial", new NormalizedConvolution(new Conv2d(2, 1, kernel, bias: !normalizes), normalizes, Activation.None));
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => _conv.CountMacs(OutputShape(input).With(-1, 2));

    /// <summary>The weights of the pixels of x ⊙ a.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, H, W, C].</param>
    /// <param name="channels">a, [N, C]; no tensor: 1.</param>
    /// <returns>[N, H, W, 1].</returns>
    public Tensor Weights(Context context, Tensor input, Tensor channels = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(context.Sigmoid(_conv.Forward(context, context.MaximumAndMeanOfPixels(input, channels))));
    }

    /// <inheritdoc/>
    protected override Tensor Apply(Context context, Tensor input, Tensor residual, Activation activation) =>
        context.Recalibrate(input, default, Weights(context, input), residual, activation);
}
