using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// Pixel-adaptive convolution, y_i = Σ over taps j of K(f_i, f_j) · W[p_i − p_j] · x_j + b with K = exp(−½ |f_i − f_j|²) of a guide f: the kernel fades where
/// the guide changes (Su et al., "Pixel-Adaptive Convolutional Neural Networks", CVPR 2019, section 3). [N, H, W, in] to [N, H′, W′, out].
/// </summary>
/// <remarks>
/// The guide is given, or made from the input by a 1 × 1 convolution; f_i is the guide at the middle tap. A normalised K is divided by its sum over the taps
/// inside the map. The paper's learnt kernel functions other than the Gaussian, and its random fields that are made of such convolutions, are left out.
/// </remarks>
public sealed class PixelAdaptiveConv2d : Layer
{
    private readonly ConvolutionGeometry _unit;
    private readonly bool _normalizes;
    private readonly Conv2d? _guide;
    private PackedWeight? _packed;

    /// <summary>Makes a convolution.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows and columns of the kernel.</param>
    /// <param name="guideChannels">Channels of a guide made from the input by a 1 × 1 convolution; 0: the guide is given, or is the input itself.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="padding">Zeros around the input; −1: as many as keep the size at stride 1.</param>
    /// <param name="dilation">Pixels of the input between two taps.</param>
    /// <param name="normalizes">Whether K is divided by its sum over the taps.</param>
    /// <param name="bias">Whether a bias is added.</param>
    public PixelAdaptiveConv2d(
        int inChannels, int outChannels, int kernel, int guideChannels = 0, int stride = 1, int padding = -1, int dilation = 1, bool normalizes = false,
        bool bias = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(guideChannels);
        int border = padding < 0 ? dilation * (kernel - 1) / 2 : padding;
        int span = Math.Max(1, (dilation * (kernel - 1)) + 1);
        _unit = new ConvolutionGeometry(
            inChannels, outChannels, kernel, kernel, span, span, stride, stride, border, border, border, border, dilation, dilation);
        _normalizes = normalizes;

        // Without bias: only differences of the guide count.
        _guide = guideChannels > 0 ? Add("guide", new Conv2d(inChannels, guideChannels, 1, bias: false)) : null;
        Weight = AddParameter("weight", new Shape(outChannels, inChannels, kernel, kernel));
        Bias = bias ? AddParameter("bias", new Shape(outChannels), decays: false) : null;
    }

    /// <summary>[out, in, kernel, kernel].</summary>
    public Parameter Weight { get; }

    /// <summary>[out]; null without bias.</summary>
    public Parameter? Bias { get; }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        ConvolutionGeometry maps = GeometryOf(input, _unit.InChannels, _unit.OutChannels);
        return new Shape(input[0], maps.OutHeight, maps.OutWidth, maps.OutChannels);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        ConvolutionGeometry maps = GeometryOf(input, _unit.InChannels, _unit.OutChannels);
        Shape guide = _guide?.OutputShape(input) ?? input;
        return (input[0] * (maps.MacsPerSample + ((long)maps.OutPixels * maps.Taps * guide[3]))) + (_guide?.CountMacs(input) ?? 0);
    }

    /// <summary>Runs the convolution with a guide that is given.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, in].</param>
    /// <param name="guide">f, [N, H, W, any].</param>
    public Tensor Forward(Context context, Tensor input, Tensor guide)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        ConvolutionGeometry maps = GeometryOf(input.Shape, _unit.InChannels, _unit.OutChannels);
        if (guide.Shape.Rank != 4 || guide.Shape[1] != input.Shape[1] || guide.Shape[2] != input.Shape[2])
        {
            throw new ArgumentException($"The guide has shape {guide.Shape}; expected [{input.Shape[0]}, {input.Shape[1]}, {input.Shape[2]}, channels].", nameof(guide));
        }

        ConvolutionGeometry window = GeometryOf(guide.Shape, guide.Shape[3], 1);
        Tensor kernel = context.GuideKernel(guide, in window, _normalizes);
        return scope.Keep(
            context.DeformConv2d(input, default, kernel, Weight.Value, Bias?.Value ?? default, new DeformGeometry(in maps), _packed));
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        Initializers.HeNormalFanOut(Weight, random);
        if (Bias is not null)
        {
            Initializers.UniformFanIn(Bias, random, _unit.InChannels * _unit.Taps, stream: 1);
        }
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory) => _packed = PackedWeight.ForConvolution(in _unit, Weight.Value.Span, memory);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(Forward(context, input, _guide is null ? input : _guide.Forward(context, input)));
    }

    private ConvolutionGeometry GeometryOf(Shape input, int inChannels, int outChannels)
    {
        if (input.Rank != 4 || input[3] != inChannels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, {inChannels}].", nameof(input));
        }

        return new ConvolutionGeometry(
            inChannels, outChannels, _unit.KernelHeight, _unit.KernelWidth, input[1], input[2], _unit.StrideHeight, _unit.StrideWidth, _unit.PadTop,
            _unit.PadLeft, _unit.PadBottom, _unit.PadRight, _unit.DilationHeight, _unit.DilationWidth);
    }
}
