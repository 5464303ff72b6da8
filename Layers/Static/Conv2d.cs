using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>
/// Two-dimensional convolution with square kernel, y = x ⊛ W + b: [N, H, W, in] to [N, H′, W′, out] with H′ = ⌊(H + 2·pad − dilation·(kernel − 1)
/// − 1) / stride⌋ + 1. The weight is [out, in / groups, kernel, kernel].
/// </summary>
public sealed class Conv2d : Layer
{
    private readonly int _inChannels;
    private readonly int _outChannels;
    private readonly int _kernel;
    private readonly int _stride;
    private readonly int _padding;
    private readonly int _dilation;
    private readonly int _groups;
    private PackedWeight? _packed;

    /// <summary>Makes a convolution.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows and columns of the kernel.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="padding">Zeros around the input; −1: as many as keep the size at stride 1, dilation · (kernel − 1) / 2.</param>
    /// <param name="dilation">Pixels of the input between two taps.</param>
    /// <param name="groups">Independent groups of channels.</param>
    /// <param name="bias">Whether a bias is added.</param>
    public Conv2d(int inChannels, int outChannels, int kernel, int stride = 1, int padding = -1, int dilation = 1, int groups = 1, bool bias = true)
    {
        _inChannels = inChannels;
        _outChannels = outChannels;
        _kernel = kernel;
        _stride = stride;
        _padding = padding < 0 ? dilation * (kernel - 1) / 2 : padding;
        _dilation = dilation;
        _groups = groups;
        int span = Math.Max(1, (dilation * (kernel - 1)) + 1);
        _ = GeometryFor(span, span);
        Weight = AddParameter("weight", new Shape(outChannels, inChannels / groups, kernel, kernel));
        Bias = bias ? AddParameter("bias", new Shape(outChannels), decays: false) : null;
    }

    /// <summary>[out, in / groups, kernel, kernel].</summary>
    public Parameter Weight { get; }

    /// <summary>[out]; null without bias.</summary>
    public Parameter? Bias { get; }

    /// <summary>The packed weight of a frozen layer; null before.</summary>
    internal PackedWeight? Packed => _packed;

    /// <summary>A factor of the initial weights, for layers that must begin with small outputs.</summary>
    internal float InitialScale { get; init; } = 1;

    /// <summary>Whether weight and bias are zero when training starts, so that what the layer predicts begins neutral.</summary>
    public bool StartsAtZero { get; init; }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        ConvolutionGeometry geometry = GeometryOf(input);
        return new Shape(input[0], geometry.OutHeight, geometry.OutWidth, _outChannels);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => input[0] * GeometryOf(input).MacsPerSample;

    /// <summary>The geometry for a shape of the input.</summary>
    /// <param name="input">[N, H, W, in].</param>
    /// <exception cref="ArgumentException">The layer cannot take it.</exception>
    public ConvolutionGeometry GeometryOf(Shape input)
    {
        if (input.Rank != 4 || input[3] != _inChannels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, {_inChannels}].", nameof(input));
        }

        return GeometryFor(input[1], input[2]);
    }

    /// <summary>
    /// y = activation((x ⊛ W) · scale + shift + residual) without recording: for inference, where a normalisation that follows is a scale and a
    /// shift. Only for a frozen layer without bias.
    /// </summary>
    /// <param name="context">The context; nothing is recorded.</param>
    /// <param name="input">[N, H, W, in].</param>
    /// <param name="steps">What is done to the sums.</param>
    /// <param name="selection">What is computed.</param>
    public Tensor ForwardFused(Context context, Tensor input, in FusedSteps steps, in Conv2dSelection selection = default)
    {
        if (_packed is null || Bias is not null)
        {
            throw new InvalidOperationException($"A fused convolution needs a frozen layer without bias; this one is {(IsFrozen ? "frozen and has a bias" : "not frozen")}.");
        }

        return ForwardFolded(context, input, in steps, in selection);
    }

    /// <summary>The same for a layer whose bias, if there is one, is in the steps' shift already.</summary>
    /// <param name="context">The context; nothing is recorded.</param>
    /// <param name="input">[N, H, W, in].</param>
    /// <param name="steps">What is done to the sums, the bias among it.</param>
    /// <param name="selection">What is computed.</param>
    internal Tensor ForwardFolded(Context context, Tensor input, in FusedSteps steps, in Conv2dSelection selection = default)
    {
        if (_packed is null)
        {
            throw new InvalidOperationException("A fused convolution needs a frozen layer; this one is not frozen.");
        }

        ConvolutionGeometry geometry = GeometryOf(input.Shape, in selection);
        return context.Conv2dFused(input, _packed, in geometry, in steps, in selection);
    }

    /// <summary>Computes a part of the output, or from a part of the input.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, in], or fewer channels when they are compact.</param>
    /// <param name="selection">What is computed, and from what; an output that is not computed is 0.</param>
    public Tensor Forward(Context context, Tensor input, in Conv2dSelection selection)
    {
        ConvolutionGeometry geometry = GeometryOf(input.Shape, in selection);
        return context.Conv2d(input, Weight.Value, Bias?.Value ?? default, in geometry, in selection, _packed);
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        if (StartsAtZero)
        {
            Weight.Value.Span.Clear();
            Bias?.Value.Span.Clear();
            return;
        }

        Initializers.HeNormalFanOut(Weight, random, _groups);
        if (InitialScale != 1)
        {
            foreach (ref float value in Weight.Value.Span)
            {
                value *= InitialScale;
            }
        }

        if (Bias is not null)
        {
            Initializers.UniformFanIn(Bias, random, _inChannels / _groups * _kernel * _kernel, stream: 1);
        }
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory)
    {
        int span = (_dilation * (_kernel - 1)) + 1;
        _packed = PackedWeight.ForConvolution(GeometryFor(span, span), Weight.Value.Span, memory);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        ConvolutionGeometry geometry = GeometryOf(input.Shape);
        return context.Conv2d(input, Weight.Value, Bias?.Value ?? default, in geometry, packed: _packed);
    }

    // A compact input has fewer channels, which the operator checks.
    private ConvolutionGeometry GeometryOf(Shape input, in Conv2dSelection selection) =>
        selection.CompactInChannels && input.Rank == 4 ? GeometryFor(input[1], input[2]) : GeometryOf(input);

    private ConvolutionGeometry GeometryFor(int height, int width) => new(
        _inChannels, _outChannels, _kernel, _kernel, height, width, _stride, _stride, _padding, _padding, _padding, _padding, _dilation, _dilation, _groups);
}
