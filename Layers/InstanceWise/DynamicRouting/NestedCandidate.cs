using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicRouting;

/// <summary>
/// A candidate as <see cref="CandidateBlock"/> whose weights are the first inner channels of those of the widest (elastic width, Cai et al., "Once-for-all", ICLR
/// 2020, section 3.3); its normalisations are its own, as the statistics of widths differ.
/// </summary>
internal sealed class NestedCandidate : Layer
{
    private readonly CandidateWeights _weights;
    private readonly int _inChannels;
    private readonly int _innerChannels;
    private readonly int _outChannels;
    private readonly int _stride;
    private readonly BatchNorm2d? _firstNorm;
    private readonly BatchNorm2d? _secondNorm;
    private readonly BatchNorm2d? _shortcutNorm;
    private PackedWeight? _packedFirst;
    private PackedWeight? _packedSecond;
    private PackedWeight? _packedShortcut;

    /// <summary>Makes a candidate.</summary>
    /// <param name="weights">Those of the widest; a child of the network, not of this.</param>
    /// <param name="innerChannels">Inner channels; 0: no convolutions but the shortcut's.</param>
    /// <param name="stride">The stride of the first convolution and of the shortcut.</param>
    public NestedCandidate(CandidateWeights weights, int innerChannels, int stride)
    {
        _weights = weights;
        _inChannels = weights.First.Shape[1];
        _innerChannels = innerChannels;
        _outChannels = weights.Second.Shape[0];
        _stride = stride;
        if (innerChannels > 0)
        {
            _firstNorm = Add("first_norm", new BatchNorm2d(innerChannels));
            _secondNorm = Add("second_norm", new BatchNorm2d(_outChannels));
        }

        _shortcutNorm = weights.Shortcut is null ? null : Add("shortcut_norm", new BatchNorm2d(_outChannels));
    }

    public override Shape OutputShape(Shape input)
    {
        if (input.Rank != 4 || input[3] != _inChannels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, {_inChannels}].", nameof(input));
        }

        ConvolutionGeometry geometry = FirstOf(input);
        return new Shape(input[0], geometry.OutHeight, geometry.OutWidth, _outChannels);
    }

    public override long CountMacs(Shape input)
    {
        Shape output = OutputShape(input);
        long macs = _firstNorm is null ? 0 : FirstOf(input).MacsPerSample + SecondOf(output).MacsPerSample;
        return input[0] * (macs + (_shortcutNorm is null ? 0 : ShortcutOf(input).MacsPerSample));
    }

    protected override void OnFreeze(PackedMemory memory)
    {
        Shape map = new(1, CandidateBlock.Kernel, CandidateBlock.Kernel, _inChannels);
        if (_firstNorm is not null)
        {
            int taps = CandidateBlock.Kernel * CandidateBlock.Kernel;
            _packedFirst = PackedWeight.ForConvolution(FirstOf(map), _weights.First.Value.Span[..(_innerChannels * _inChannels * taps)], memory);
            float[] second = new float[_outChannels * _innerChannels * taps];
            int most = _weights.Second.Shape[1];
            for (int o = 0; o < _outChannels; o++)
            {
                _weights.Second.Value.Span.Slice(o * most * taps, _innerChannels * taps).CopyTo(second.AsSpan(o * _innerChannels * taps));
            }

            _packedSecond = PackedWeight.ForConvolution(SecondOf(map), second, memory);
        }

        _packedShortcut = _weights.Shortcut is null ? null : PackedWeight.ForConvolution(ShortcutOf(map), _weights.Shortcut.Value.Span, memory);
    }

    protected override Tensor Run(Context context, Tensor input)
    {
        Shape output = OutputShape(input.Shape);
        if (_firstNorm is null && _shortcutNorm is null)
        {
            return input;
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Activation last = _firstNorm is null ? Activation.Relu : Activation.None;
        Tensor shortcut = _shortcutNorm is null ? input : Convolve(context, input, _weights.Shortcut!, _packedShortcut, ShortcutOf(input.Shape), _shortcutNorm, default, last);
        if (_firstNorm is null)
        {
            return scope.Keep(shortcut);
        }

        Tensor inner = Convolve(context, input, _weights.First, _packedFirst, FirstOf(input.Shape), _firstNorm, default, Activation.Relu);
        return scope.Keep(Convolve(context, inner, _weights.Second, _packedSecond, SecondOf(output), _secondNorm!, shortcut, Activation.Relu));
    }

    // The first input and output channels of the weight, as many as the geometry has.
    private static Tensor Convolve(
        Context context, Tensor input, Parameter parameter, PackedWeight? packed, ConvolutionGeometry geometry, BatchNorm2d norm, Tensor residual, Activation activation)
    {
        if (packed is not null && context.Mode == Mode.Evaluate)
        {
            FusedSteps steps = new() { Scale = norm.Scale, Shift = norm.Shift, Residual = residual, Activation = activation };
            return context.Conv2dFused(input, packed, in geometry, in steps);
        }

        Tensor weight = parameter.Value;
        weight = geometry.OutChannels == weight.Shape[0] ? weight : context.Slice(weight, 0, 0, geometry.OutChannels);
        weight = geometry.InChannels == weight.Shape[1] ? weight : context.Slice(weight, 1, 0, geometry.InChannels);
        Tensor sums = context.Conv2d(input, weight, default, in geometry);
        return residual.Exists ? context.Relu(context.Add(norm.Forward(context, sums), residual)) : norm.Forward(context, sums, activation);
    }

    private ConvolutionGeometry FirstOf(Shape input) => Geometry(input, _inChannels, Math.Max(1, _innerChannels), CandidateBlock.Kernel, _stride);

    private ConvolutionGeometry SecondOf(Shape output) => Geometry(output, Math.Max(1, _innerChannels), _outChannels, CandidateBlock.Kernel, 1);

    private ConvolutionGeometry ShortcutOf(Shape input) => Geometry(input, _inChannels, _outChannels, 1, _stride);

    private static ConvolutionGeometry Geometry(Shape input, int ins, int outs, int kernel, int stride)
    {
        int padding = (kernel - 1) / 2;
        return new ConvolutionGeometry(ins, outs, kernel, kernel, input[1], input[2], stride, stride, padding, padding, padding, padding);
    }
}
