using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.LocalFilters;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// Dynamic up-sampling filters: y[c, r·h + a, r·w + b] = Σ over the taps of softmax(F[h, w])[tap, a, b] · x[c] around (h, w) + R, where networks predict r² filters
/// and a residual R for each pixel of the centre frame x (Jo et al., "Deep Video Super-Resolution Network Using Dynamic Upsampling Filters", CVPR 2018, section
/// 3). [N, H, W, frames · C] to [N, r·H, r·W, C].
/// </summary>
/// <remarks>
/// The frames are side by side along the channels, the centre one in the middle. The networks see all of them; the paper's is three-dimensional and takes
/// seven. The filter of tap t for the pixel (a, b) of a block is channel t·r² + a·r + b; residual channels are [C][r][r] as in PyTorch's pixel shuffle, or [r][r][C] as in the
/// authors' TensorFlow code.
/// </remarks>
public sealed class DynamicUpsampling : Layer
{
    private readonly Layer _filters;
    private readonly Layer? _residual;
    private readonly int _channels;
    private readonly int _frames;
    private readonly int _scale;
    private readonly int _kernel;
    private readonly bool _residualBlocksFirst;

    /// <summary>Makes a layer.</summary>
    /// <param name="filters">Predicts the filters' logits from the layer's input: to [N, H, W, kernel² · scale²].</param>
    /// <param name="residual">Predicts the residual: to [N, H, W, channels · scale²]; null: none is added.</param>
    /// <param name="channels">C, channels of a frame.</param>
    /// <param name="frames">The number of frames; odd.</param>
    /// <param name="scale">r.</param>
    /// <param name="kernel">Rows and columns of the filters; odd.</param>
    /// <param name="residualBlocksFirst">Whether residual channels are [r][r][C].</param>
    public DynamicUpsampling(
        Layer filters, Layer? residual, int channels = 3, int frames = 1, int scale = 4, int kernel = 5, bool residualBlocksFirst = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(scale, 1);
        if (frames < 1 || frames % 2 == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(frames), $"There are {frames} frames; expected an odd number.");
        }

        if (kernel < 1 || kernel % 2 == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(kernel), $"The filters have {kernel} rows; expected an odd number.");
        }

        _filters = Add("filters", filters);
        _residual = residual is null ? null : Add("residual", residual);
        _channels = channels;
        _frames = frames;
        _scale = scale;
        _kernel = kernel;
        _residualBlocksFirst = residualBlocksFirst;
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        CheckInput(input);
        return new Shape(input[0], input[1] * _scale, input[2] * _scale, _channels);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        CheckInput(input);
        return (input[0] * GeometryOf(input).MacsPerSample) + _filters.CountMacs(input) + (_residual?.CountMacs(input) ?? 0);
    }

    /// <summary>Up-samples one frame with filters and residual that are given.</summary>
    /// <param name="context">The context.</param>
    /// <param name="frame">[N, H, W, C].</param>
    /// <param name="filters">Logits, [N, H, W, kernel² · scale²].</param>
    /// <param name="residual">[N, H, W, C · scale²]; no tensor: none.</param>
    public Tensor Forward(Context context, Tensor frame, Tensor filters, Tensor residual)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();

        // The pixel shuffle gives each pixel of the result its taps side by side.
        Tensor weights = context.Softmax(context.PixelShuffle(filters, _scale));
        Tensor output = context.LocalFilter(frame, weights, GeometryOf(frame.Shape));
        if (residual.Exists)
        {
            output = context.Add(output, context.PixelShuffle(_residualBlocksFirst ? ChannelsFirst(context, residual) : residual, _scale));
        }

        return scope.Keep(output);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        CheckInput(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor centre = _frames == 1 ? input : context.Slice(input, 3, _frames / 2 * _channels, _channels);
        Tensor residual = _residual is null ? default : _residual.Forward(context, input);
        return scope.Keep(Forward(context, centre, _filters.Forward(context, input), residual));
    }

    // [r · r][C] to [C][r · r].
    private Tensor ChannelsFirst(Context context, Tensor residual)
    {
        Shape shape = residual.Shape;
        Tensor blocks = residual.Reshape(new Shape(shape[0], shape[1], shape[2], _scale * _scale, _channels));
        return context.Permute(blocks, 0, 1, 2, 4, 3).Reshape(shape);
    }

    private void CheckInput(Shape input)
    {
        if (input.Rank != 4 || input[3] != _frames * _channels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, {_frames * _channels}].", nameof(input));
        }
    }

    private LocalFilterGeometry GeometryOf(Shape frame)
    {
        int border = (_kernel - 1) / 2;
        ConvolutionGeometry maps = new(_channels, _channels, _kernel, _kernel, frame[1], frame[2], 1, 1, border, border, border, border);
        return new LocalFilterGeometry(in maps, _scale);
    }
}
