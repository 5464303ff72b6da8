using System;
using System.Globalization;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicWidth;

/// <summary>
/// Convolution, batch normalisation and rectifier in several widths: width j has the first o_j output channels, made from the first i channels of the input with
/// the weights W[0:o_j, 0:i] (Yu et al., "Slimmable neural networks", ICLR 2019; Li et al., "Dynamic slimmable network", CVPR 2021, section 3.2). As a layer it
/// runs at full width.
/// </summary>
/// <remarks>
/// Each output width has a normalisation of its own, as the statistics of the widths differ (Yu et al., section 3.3); DS-Net shares γ and β among them. A frozen
/// block keeps the weights of each pair of widths packed, so that a narrow one is a convolution of fewer channels, with nothing gathered.
/// </remarks>
public sealed class SlimmableConvBlock : Layer
{
    private readonly int[] _inWidths;
    private readonly int[] _outWidths;
    private readonly int _kernel;
    private readonly int _stride;
    private readonly Parameter _weight;
    private readonly BatchNorm2d[] _norms;
    private PackedWeight[]? _packed;

    /// <summary>Makes a block.</summary>
    /// <param name="inWidths">Channels that the input may have, ascending.</param>
    /// <param name="outWidths">Channels that the output may have, ascending.</param>
    /// <param name="kernel">Rows and columns of the kernel; the padding keeps the size at stride 1.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    public SlimmableConvBlock(ReadOnlySpan<int> inWidths, ReadOnlySpan<int> outWidths, int kernel, int stride = 1)
    {
        CheckWidths(inWidths, nameof(inWidths));
        CheckWidths(outWidths, nameof(outWidths));
        _inWidths = inWidths.ToArray();
        _outWidths = outWidths.ToArray();
        _kernel = kernel;
        _stride = stride;
        _ = GeometryFor(kernel, kernel, InWidthCount - 1, WidthCount - 1);
        _weight = AddParameter("weight", new Shape(_outWidths[^1], _inWidths[^1], kernel, kernel));
        _norms = new BatchNorm2d[_outWidths.Length];
        for (int j = 0; j < _norms.Length; j++)
        {
            _norms[j] = Add("norm" + j.ToString(CultureInfo.InvariantCulture), new BatchNorm2d(_outWidths[j]));
        }
    }

    /// <summary>The number of output widths.</summary>
    public int WidthCount => _outWidths.Length;

    /// <summary>The number of input widths.</summary>
    public int InWidthCount => _inWidths.Length;

    /// <summary>Channels of an output width.</summary>
    /// <param name="width">The width's number.</param>
    public int ChannelsOf(int width) => _outWidths[width];

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => OutputShape(input, InWidthCount - 1, WidthCount - 1);

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        _ = OutputShape(input);
        return input[0] * GeometryFor(input[1], input[2], InWidthCount - 1, WidthCount - 1).MacsPerSample;
    }

    /// <summary>Runs one width.</summary>
    /// <param name="context">The context; what the full width takes more is counted as work that the dense network does.</param>
    /// <param name="input">[N, H, W, channels of the input width].</param>
    /// <param name="inWidth">The input width's number.</param>
    /// <param name="outWidth">The output width's number.</param>
    /// <returns>[N, H′, W′, channels of the output width].</returns>
    public Tensor Forward(Context context, Tensor input, int inWidth, int outWidth)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        Tensor output = Compute(context, input, inWidth, outWidth);
        long full = GeometryFor(input.Shape[1], input.Shape[2], InWidthCount - 1, WidthCount - 1).MacsPerSample;
        context.Count(input.Shape[0], 0, full - GeometryFor(input.Shape[1], input.Shape[2], inWidth, outWidth).MacsPerSample);
        return output;
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random) => Initializers.HeNormalFanOut(_weight, random);

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory)
    {
        _packed = new PackedWeight[InWidthCount * WidthCount];
        int taps = _kernel * _kernel;
        for (int place = 0; place < _packed.Length; place++)
        {
            (int inWidth, int outWidth) = (place / WidthCount, place % WidthCount);
            int length = _inWidths[inWidth] * taps;
            float[] part = new float[_outWidths[outWidth] * length];
            for (int o = 0; o < _outWidths[outWidth]; o++)
            {
                _weight.Value.Span.Slice(o * _inWidths[^1] * taps, length).CopyTo(part.AsSpan(o * length));
            }

            _packed[place] = PackedWeight.ForConvolution(GeometryFor(_kernel, _kernel, inWidth, outWidth), part, memory);
        }
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) => Compute(context, input, InWidthCount - 1, WidthCount - 1);

    private static void CheckWidths(ReadOnlySpan<int> widths, string name)
    {
        int previous = 0;
        foreach (int width in widths)
        {
            if (width <= previous)
            {
                throw new ArgumentException($"The widths hold {width} after {previous}; expected ascending numbers of channels.", name);
            }

            previous = width;
        }

        if (widths.Length == 0)
        {
            throw new ArgumentException("No width was given; expected at least one.", name);
        }
    }

    private Shape OutputShape(Shape input, int inWidth, int outWidth)
    {
        if (input.Rank != 4 || input[3] != _inWidths[inWidth])
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, {_inWidths[inWidth]}].", nameof(input));
        }

        ConvolutionGeometry geometry = GeometryFor(input[1], input[2], inWidth, outWidth);
        return new Shape(input[0], geometry.OutHeight, geometry.OutWidth, geometry.OutChannels);
    }

    private Tensor Compute(Context context, Tensor input, int inWidth, int outWidth)
    {
        _ = OutputShape(input.Shape, inWidth, outWidth);
        ConvolutionGeometry geometry = GeometryFor(input.Shape[1], input.Shape[2], inWidth, outWidth);
        BatchNorm2d norm = _norms[outWidth];
        PackedWeight? packed = _packed?[(inWidth * WidthCount) + outWidth];
        if (packed is not null && context.Mode == Mode.Evaluate)
        {
            FusedSteps steps = new() { Scale = norm.Scale, Shift = norm.Shift, Activation = Activation.Relu };
            return context.Conv2dFused(input, packed, in geometry, in steps);
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor weight = _weight.Value;
        weight = outWidth == WidthCount - 1 ? weight : context.Slice(weight, 0, 0, _outWidths[outWidth]);
        weight = inWidth == InWidthCount - 1 ? weight : context.Slice(weight, 1, 0, _inWidths[inWidth]);
        return scope.Keep(norm.Forward(context, context.Conv2d(input, weight, default, in geometry), Activation.Relu));
    }

    private ConvolutionGeometry GeometryFor(int height, int width, int inWidth, int outWidth)
    {
        int padding = (_kernel - 1) / 2;
        return new ConvolutionGeometry(
            _inWidths[inWidth], _outWidths[outWidth], _kernel, _kernel, height, width, _stride, _stride, padding, padding, padding, padding);
    }
}
