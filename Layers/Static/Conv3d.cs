using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>
/// Convolution over frames, rows and columns: [N, D, H, W, in] to [N, D′, H′, W′, out] with D′ = ⌊(D + 2·pad − dilation·(kernel − 1) − 1) / stride⌋ + 1 in time
/// and the same in space. The weight is [out, in / groups, frames, kernel, kernel], as PyTorch has it; the data are channels last, where PyTorch has [N, C, D, H, W].
/// </summary>
public sealed class Conv3d : Layer
{
    private readonly int _inChannels;
    private readonly int _outChannels;
    private readonly int _frames;
    private readonly int _kernel;
    private readonly int _frameStride;
    private readonly int _stride;
    private readonly int _framePadding;
    private readonly int _padding;
    private readonly int _dilation;
    private readonly int _groups;
    private PackedWeight? _packed;

    /// <summary>Makes a convolution.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="frames">Taps in time.</param>
    /// <param name="kernel">Rows and columns of the kernel.</param>
    /// <param name="frameStride">Frames of the input between two of the output.</param>
    /// <param name="stride">Pixels of the input between two of the output.</param>
    /// <param name="framePadding">Frames of zeros at both ends; −1: as many as keep their number at stride 1.</param>
    /// <param name="padding">Zeros around a frame; −1: as many as keep the size at stride 1.</param>
    /// <param name="dilation">Frames and pixels of the input between two taps.</param>
    /// <param name="groups">Independent groups of channels.</param>
    /// <param name="bias">Whether a bias is added.</param>
    public Conv3d(
        int inChannels,
        int outChannels,
        int frames,
        int kernel,
        int frameStride = 1,
        int stride = 1,
        int framePadding = -1,
        int padding = -1,
        int dilation = 1,
        int groups = 1,
        bool bias = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frames, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(frameStride, 1);
        _inChannels = inChannels;
        _outChannels = outChannels;
        _frames = frames;
        _kernel = kernel;
        _frameStride = frameStride;
        _stride = stride;
        _framePadding = framePadding < 0 ? dilation * (frames - 1) / 2 : framePadding;
        _padding = padding < 0 ? dilation * (kernel - 1) / 2 : padding;
        _dilation = dilation;
        _groups = groups;
        _ = GeometryFor(Span, Span);
        if (inChannels % groups != 0)
        {
            throw new ArgumentException($"There are {groups} groups for {inChannels} channels; expected a divisor.", nameof(groups));
        }

        Weight = AddParameter("weight", new Shape(outChannels, inChannels / groups, frames, kernel, kernel));
        Bias = bias ? AddParameter("bias", new Shape(outChannels), decays: false) : null;
    }

    /// <summary>[out, in / groups, frames, kernel, kernel].</summary>
    public Parameter Weight { get; }

    /// <summary>[out]; null without bias.</summary>
    public Parameter? Bias { get; }

    private int Span => Math.Max(1, (_dilation * (_kernel - 1)) + 1);

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        ConvolutionGeometry geometry = GeometryOf(input);
        return new Shape(input[0], FramesOf(input), geometry.OutHeight, geometry.OutWidth, _outChannels);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => input[0] * FramesOf(input) * GeometryOf(input).MacsPerSample;

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        Initializers.HeNormalFanOut(Weight, random, _groups);
        if (Bias is not null)
        {
            Initializers.UniformFanIn(Bias, random, _inChannels / _groups * _frames * _kernel * _kernel, stream: 1);
        }
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory) => _packed = PackedWeight.ForConvolution(GeometryFor(Span, Span), Weight.Value.Span, memory);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        ConvolutionGeometry geometry = GeometryOf(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(context.Conv3d(input, Weight.Value, Bias?.Value ?? default, in geometry, _frameStride, _framePadding, _dilation, _packed));
    }

    private int FramesOf(Shape input) => Convolution3d.OutFrames(input[1], _frames, _frameStride, _framePadding, _dilation);

    private ConvolutionGeometry GeometryOf(Shape input)
    {
        if (input.Rank != 5 || input[4] != _inChannels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, frames, height, width, {_inChannels}].", nameof(input));
        }

        return GeometryFor(input[2], input[3]);
    }

    private ConvolutionGeometry GeometryFor(int height, int width) => new(
        checked(_inChannels * _frames), _outChannels, _kernel, _kernel, height, width, _stride, _stride, _padding, _padding, _padding, _padding, _dilation, _dilation, _groups);
}
