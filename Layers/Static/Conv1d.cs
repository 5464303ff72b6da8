using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>
/// One-dimensional convolution along a sequence, y = x ⊛ W + b: [N, L, in] to [N, L′, out] with L′ = ⌊(L + 2·pad − dilation·(kernel − 1) − 1) /
/// stride⌋ + 1. The weight is [out, in / groups, kernel], as PyTorch has it; the data are channels last, where PyTorch has [N, C, L].
/// </summary>
public sealed class Conv1d : Layer
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
    /// <param name="kernel">Taps of the kernel.</param>
    /// <param name="stride">Places of the input between two places of the output.</param>
    /// <param name="padding">Zeros on both sides; −1: as many as keep the length at stride 1, dilation · (kernel − 1) / 2.</param>
    /// <param name="dilation">Places of the input between two taps.</param>
    /// <param name="groups">Independent groups of channels.</param>
    /// <param name="bias">Whether a bias is added.</param>
    public Conv1d(int inChannels, int outChannels, int kernel, int stride = 1, int padding = -1, int dilation = 1, int groups = 1, bool bias = true)
    {
        _inChannels = inChannels;
        _outChannels = outChannels;
        _kernel = kernel;
        _stride = stride;
        _padding = padding < 0 ? dilation * (kernel - 1) / 2 : padding;
        _dilation = dilation;
        _groups = groups;
        _ = GeometryFor(Span);
        Weight = AddParameter("weight", new Shape(outChannels, inChannels / groups, kernel));
        Bias = bias ? AddParameter("bias", new Shape(outChannels), decays: false) : null;
    }

    /// <summary>[out, in / groups, kernel].</summary>
    public Parameter Weight { get; }

    /// <summary>[out]; null without bias.</summary>
    public Parameter? Bias { get; }

    private int Span => Math.Max(1, (_dilation * (_kernel - 1)) + 1);

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => new(input[0], GeometryOf(input).OutWidth, _outChannels);

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => input[0] * GeometryOf(input).MacsPerSample;

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        Initializers.HeNormalFanOut(Weight, random, _groups);
        if (Bias is not null)
        {
            Initializers.UniformFanIn(Bias, random, _inChannels / _groups * _kernel, stream: 1);
        }
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory) => _packed = PackedWeight.ForConvolution(GeometryFor(Span), Weight.Value.Span, memory);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        ConvolutionGeometry geometry = GeometryOf(input.Shape);
        int samples = input.Shape[0];

        // A map of one row.
        Tensor map = input.Reshape(new Shape(samples, 1, input.Shape[1], _inChannels));
        Tensor weight = Weight.Value.Reshape(new Shape(_outChannels, _inChannels / _groups, 1, _kernel));
        return context.Conv2d(map, weight, Bias?.Value ?? default, in geometry, packed: _packed).Reshape(new Shape(samples, geometry.OutWidth, _outChannels));
    }

    private ConvolutionGeometry GeometryOf(Shape input)
    {
        if (input.Rank != 3 || input[2] != _inChannels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, length, {_inChannels}].", nameof(input));
        }

        return GeometryFor(input[1]);
    }

    private ConvolutionGeometry GeometryFor(int length) => new(
        _inChannels, _outChannels, 1, _kernel, 1, length, 1, _stride, 0, _padding, 0, _padding, 1, _dilation, _groups);
}
