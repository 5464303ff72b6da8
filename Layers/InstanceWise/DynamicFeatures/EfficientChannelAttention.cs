using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicFeatures;

/// <summary>
/// Channel attention from the means of neighbouring channels, y = x ⊙ σ(conv1d_k(GAP(x))): k weights in all (Wang et al., "ECA-Net", CVPR 2020,
/// section 3.2).
/// </summary>
public sealed class EfficientChannelAttention : FeatureAttention
{
    private readonly Conv1d _conv;

    /// <summary>Makes an attention.</summary>
    /// <param name="channels">C.</param>
    /// <param name="kernel">k, odd; 0: <see cref="KernelFor"/>.</param>
    public EfficientChannelAttention(int channels, int kernel = 0)
        : base(channels)
    {
        int size = kernel == 0 ? KernelFor(channels) : kernel;
        if (size < 1 || size % 2 == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(kernel), kernel, "The kernel of a channel attention must be odd, or 0.");
        }

        _conv = Add("conv", new Conv1d(1, 1, size, bias: false));
    }

    /// <summary>The paper's size (equation 12): t = ⌊|log₂ C + 1| / 2⌋ where that is odd, else t + 1, as the authors' code rounds.</summary>
    /// <param name="channels">C.</param>
    public static int KernelFor(int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        int size = (int)((Math.Log2(channels) + 1) / 2);
        return size % 2 == 1 ? size : size + 1;
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => _conv.CountMacs(new Shape(OutputShape(input)[0], Channels, 1));

    /// <inheritdoc/>
    protected override Tensor Apply(Context context, Tensor input, Tensor residual, Activation activation)
    {
        int samples = input.Shape[0];

        // The channels as a sequence with one number a place.
        Tensor means = context.GlobalAveragePool(input).Reshape(new Shape(samples, Channels, 1));
        Tensor logits = _conv.Forward(context, means).Reshape(new Shape(samples, Channels));
        return context.Recalibrate(input, context.Sigmoid(logits), default, residual, activation);
    }
}
