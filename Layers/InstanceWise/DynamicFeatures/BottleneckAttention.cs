using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicFeatures;

/// <summary>
/// Attention over channels and pixels side by side, y = x · (1 + σ(c + s)), with c = W₂ ReLU(norm(W₁ GAP(x))) for each channel and s for each pixel
/// from a 1×1, some dilated 3×3 and a 1×1 convolution, all but the last normalised and rectified (Park et al., "BAM: Bottleneck Attention Module",
/// BMVC 2018, section 3).
/// </summary>
/// <remarks>
/// Deviations: the authors' released code multiplies the two maps, σ(c · s), where the paper adds them (equation 2); both can be had, and the paper's
/// is the default. The paper ends both branches with a normalisation (equations 3 and 4); the code does not, nor does this layer.
/// </remarks>
public sealed class BottleneckAttention : FeatureAttention
{
    private readonly Linear _squeeze;
    private readonly BatchNorm2d _norm;
    private readonly Linear _excite;
    private readonly Sequential _pixels;
    private readonly bool _multiplies;

    /// <summary>Makes an attention.</summary>
    /// <param name="channels">C.</param>
    /// <param name="reduction">C / hidden width.</param>
    /// <param name="dilation">Pixels between two taps of the 3×3 convolutions.</param>
    /// <param name="multiplies">Whether the two maps are multiplied, as in the authors' code, instead of added.</param>
    /// <param name="dilated">How many dilated convolutions there are.</param>
    public BottleneckAttention(int channels, int reduction = 16, int dilation = 4, bool multiplies = false, int dilated = 2)
        : base(channels)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(dilated);
        int hidden = Hidden(channels, reduction);
        _multiplies = multiplies;
        _squeeze = Add("fc1", new Linear(channels, hidden));
        _norm = Add("norm", new BatchNorm2d(hidden));
        _excite = Add("fc2", new Linear(hidden, channels));
        Layer[] layers = new Layer[dilated + 2];
        layers[0] = new NormalizedConvolution(new Conv2d(channels, hidden, 1), true, Activation.Relu);
        for (int i = 1; i <= dilated; i++)
        {
            layers[i] = new NormalizedConvolution(new Conv2d(hidden, hidden, 3, dilation: dilation), true, Activation.Relu);
        }

        // Normal numbers of the variance that PyTorch's rule of the fan-in gives: by that of the fan-out one output would start far from 0.
        layers[^1] = new NormalizedConvolution(new Conv2d(hidden, 1, 1) { InitialScale = 1f / MathF.Sqrt(6f * hidden) }, false, Activation.None);
        _pixels = Add("pixels", new Sequential(layers));
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        Shape pooled = new(OutputShape(input)[0], Channels);
        return _squeeze.CountMacs(pooled) + _excite.CountMacs(_squeeze.OutputShape(pooled)) + _pixels.CountMacs(input);
    }

    /// <inheritdoc/>
    protected override Tensor Apply(Context context, Tensor input, Tensor residual, Activation activation)
    {
        Tensor hidden = _norm.Forward(context, _squeeze.Forward(context, context.GlobalAveragePool(input)), Activation.Relu);
        return context.RecalibrateJointly(input, _excite.Forward(context, hidden), _pixels.Forward(context, input), _multiplies, residual, activation);
    }
}
