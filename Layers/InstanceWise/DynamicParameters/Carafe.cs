using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.LocalFilters;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// Content-aware up-sampling, y(i, j) = Σ over a k × k window around (i / s, j / s) of K(i, j) · x: the kernels K come from a 1 × 1 convolution that compresses the
/// channels, a convolution that yields s²·k² maps, a pixel shuffle, and a softmax over the k² taps (Wang et al., "CARAFE: Content-Aware ReAssembly of
/// FEatures", ICCV 2019, section 3). [N, H, W, C] to [N, s·H, s·W, C].
/// </summary>
/// <remarks>As in the paper there is neither normalisation nor activation between the two convolutions, and a window outside the map reads zero.</remarks>
public sealed class Carafe : Layer
{
    private readonly int _channels;
    private readonly int _scale;
    private readonly int _kernel;
    private readonly int _groups;
    private readonly Conv2d _compress;
    private readonly Conv2d _encode;

    /// <summary>Makes a layer.</summary>
    /// <param name="channels">Channels of input and output.</param>
    /// <param name="scale">s, how many times larger the result is.</param>
    /// <param name="kernel">k, rows and columns of the window; odd.</param>
    /// <param name="encoderKernel">Rows and columns of the convolution that predicts the kernels; the paper takes k − 2.</param>
    /// <param name="compressedChannels">Channels that it sees.</param>
    /// <param name="groups">Groups of channels that have kernels of their own.</param>
    public Carafe(int channels, int scale = 2, int kernel = 5, int encoderKernel = 3, int compressedChannels = 64, int groups = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(scale, 1);
        if (kernel < 1 || kernel % 2 == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(kernel), $"The window has {kernel} rows; expected an odd number.");
        }

        _channels = channels;
        _scale = scale;
        _kernel = kernel;
        _groups = groups;
        _compress = Add("compress", new Conv2d(channels, compressedChannels, 1));
        _encode = Add("encode", new Conv2d(compressedChannels, scale * scale * groups * kernel * kernel, encoderKernel));
        _ = GeometryOf(new Shape(1, 1, 1, channels));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        LocalFilterGeometry geometry = GeometryOf(input);
        return new Shape(input[0], geometry.OutHeight, geometry.OutWidth, _channels);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input) =>
        (input[0] * GeometryOf(input).MacsPerSample) + _compress.CountMacs(input) + _encode.CountMacs(_compress.OutputShape(input));

    /// <summary>The second half alone: reassembly with kernels that are given.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="kernels">K, [N, s·H, s·W, groups · k²].</param>
    public Tensor Reassemble(Context context, Tensor input, Tensor kernels)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.LocalFilter(input, kernels, GeometryOf(input.Shape));
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor maps = _encode.Forward(context, _compress.Forward(context, input));
        Tensor logits = context.PixelShuffle(maps, _scale);
        Shape shape = logits.Shape;
        int taps = _kernel * _kernel;
        Tensor kernels = context.Softmax(logits.Reshape(new Shape(shape[0], shape[1], shape[2], _groups, taps))).Reshape(shape);
        return scope.Keep(Reassemble(context, input, kernels));
    }

    private LocalFilterGeometry GeometryOf(Shape input)
    {
        if (input.Rank != 4 || input[3] != _channels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, {_channels}].", nameof(input));
        }

        int border = (_kernel - 1) / 2;
        ConvolutionGeometry maps = new(_channels, _channels, _kernel, _kernel, input[1], input[2], 1, 1, border, border, border, border, groups: _groups);
        return new LocalFilterGeometry(in maps, _scale);
    }
}
