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
/// Deformable convolution, y(p) = Σ over taps k of W_k · m_k(p) · x(p + p_k + Δp_k(p)) + b, with x read bilinearly and zero outside the map: [N, H, W, in] to
/// [N, H′, W′, out]. Offsets Δp and modulation m = σ(·) come from one convolution of x that starts at zero (Dai et al., "Deformable Convolutional
/// Networks", ICCV 2017, section 2.1: m = 1; Zhu et al., "Deformable ConvNets v2", CVPR 2019, section 3.2).
/// </summary>
/// <remarks>
/// The offset convolution has kernel, stride, padding and dilation of this one. Its outputs are, as in the authors' code, the offsets ([offset group][tap][y,
/// x]) and then, with modulation, its logits ([offset group][tap]); torchvision's deform_conv2d takes the same order. Modulation starts at ½, as the paper says. The
/// paper trains the offset convolution at a tenth of the learning rate; that is left to the recipe.
/// </remarks>
public sealed class DeformableConv2d : Layer
{
    private readonly ConvolutionGeometry _unit;
    private readonly int _offsetGroups;
    private readonly Conv2d _offsets;
    private PackedWeight? _packed;

    /// <summary>Makes a convolution.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows and columns of the kernel.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="padding">Zeros around the input; −1: as many as keep the size at stride 1.</param>
    /// <param name="dilation">Pixels of the input between two taps.</param>
    /// <param name="groups">Independent groups of channels.</param>
    /// <param name="offsetGroups">Groups of input channels that have offsets and modulation of their own.</param>
    /// <param name="isModulated">Whether taps are weighed too (v2).</param>
    /// <param name="bias">Whether a bias is added.</param>
    public DeformableConv2d(
        int inChannels, int outChannels, int kernel, int stride = 1, int padding = -1, int dilation = 1, int groups = 1, int offsetGroups = 1,
        bool isModulated = true, bool bias = true)
    {
        int border = padding < 0 ? dilation * (kernel - 1) / 2 : padding;
        int span = Math.Max(1, (dilation * (kernel - 1)) + 1);
        _unit = new ConvolutionGeometry(
            inChannels, outChannels, kernel, kernel, span, span, stride, stride, border, border, border, border, dilation, dilation, groups);
        _offsetGroups = offsetGroups;
        IsModulated = isModulated;
        int points = new DeformGeometry(in _unit, offsetGroups).PointsPerPixel;
        _offsets = Add("conv_offset", new Conv2d(inChannels, points * (isModulated ? 3 : 2), kernel, stride, border, dilation) { StartsAtZero = true });
        Weight = AddParameter("weight", new Shape(outChannels, inChannels / groups, kernel, kernel));
        Bias = bias ? AddParameter("bias", new Shape(outChannels), decays: false) : null;
    }

    /// <summary>[out, in / groups, kernel, kernel].</summary>
    public Parameter Weight { get; }

    /// <summary>[out]; null without bias.</summary>
    public Parameter? Bias { get; }

    /// <summary>Whether taps are weighed too (v2).</summary>
    public bool IsModulated { get; }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        ConvolutionGeometry maps = GeometryOf(input).Maps;
        return new Shape(input[0], maps.OutHeight, maps.OutWidth, maps.OutChannels);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => (input[0] * GeometryOf(input).Maps.MacsPerSample) + _offsets.CountMacs(input);

    /// <summary>Runs the convolution with offsets and modulation that are given.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, in].</param>
    /// <param name="offsets">[N, H′, W′, offset groups · taps · 2], y before x; no tensor: all 0.</param>
    /// <param name="modulation">[N, H′, W′, offset groups · taps]; no tensor: all 1.</param>
    public Tensor Forward(Context context, Tensor input, Tensor offsets, Tensor modulation)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.DeformConv2d(input, offsets, modulation, Weight.Value, Bias?.Value ?? default, GeometryOf(input.Shape), _packed);
    }

    /// <summary>
    /// y = activation((deformed x ⊛ W) · scale + shift + residual) without recording: for inference, where a normalisation that follows is a scale and a shift.
    /// Only for a frozen layer without bias.
    /// </summary>
    /// <param name="context">The context; nothing is recorded.</param>
    /// <param name="input">[N, H, W, in].</param>
    /// <param name="steps">What is done to the sums.</param>
    public Tensor ForwardFused(Context context, Tensor input, in FusedSteps steps)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!IsFrozen || Bias is not null)
        {
            throw new InvalidOperationException($"A fused convolution needs a frozen layer without bias; this one is {(IsFrozen ? "frozen and has a bias" : "not frozen")}.");
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        (Tensor offsets, Tensor modulation) = Predict(context, input);
        return scope.Keep(context.DeformConv2dFused(input, offsets, modulation, Weight.Value, _packed, GeometryOf(input.Shape), in steps));
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        Initializers.HeNormalFanOut(Weight, random, _unit.Groups);
        if (Bias is not null)
        {
            Initializers.UniformFanIn(Bias, random, _unit.InChannelsPerGroup * _unit.Taps, stream: 1);
        }
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory) => _packed = PackedWeight.ForConvolution(in _unit, Weight.Value.Span, memory);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        (Tensor offsets, Tensor modulation) = Predict(context, input);
        return scope.Keep(Forward(context, input, offsets, modulation));
    }

    private (Tensor Offsets, Tensor Modulation) Predict(Context context, Tensor input)
    {
        Tensor predicted = _offsets.Forward(context, input);
        if (!IsModulated)
        {
            return (predicted, default);
        }

        int points = predicted.Shape[3] / 3;
        return (context.Slice(predicted, 3, 0, 2 * points), context.Sigmoid(context.Slice(predicted, 3, 2 * points, points)));
    }

    private DeformGeometry GeometryOf(Shape input)
    {
        if (input.Rank != 4 || input[3] != _unit.InChannels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, {_unit.InChannels}].", nameof(input));
        }

        ConvolutionGeometry maps = new(
            _unit.InChannels, _unit.OutChannels, _unit.KernelHeight, _unit.KernelWidth, input[1], input[2], _unit.StrideHeight, _unit.StrideWidth, _unit.PadTop,
            _unit.PadLeft, _unit.PadBottom, _unit.PadRight, _unit.DilationHeight, _unit.DilationWidth, _unit.Groups);
        return new DeformGeometry(in maps, _offsetGroups);
    }
}
