using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>A batch's depthwise convolution or its input gradient, cut into parts of about as many pixels each; no cut changes a bit.</summary>
internal struct DepthwiseWork : IParallelWork
{
    private const long MacsPerPart = 1L << 15;
    private const int PartsPerThread = 4;

    private ConvolutionGeometry _geometry;
    private int _batch;
    private Conv2dSelection _selection;
    private FusedSteps _steps;
    private Tensor _source;
    private Tensor _packed;
    private Tensor _target;
    private Storage<int> _indices;
    private int _parts;
    private bool _isBackward;

    /// <summary>Convolves on the context's threads.</summary>
    public static void Forward(
        Context context, in ConvolutionGeometry geometry, int batch, Tensor input, Tensor packed, Tensor output, in Conv2dSelection selection, in FusedSteps steps)
    {
        DepthwiseWork work = new()
        {
            _geometry = geometry,
            _batch = batch,
            _selection = selection,
            _steps = steps,
            _source = input,
            _packed = packed,
            _target = output,
        };
        work.Run(context);
    }

    /// <summary>Computes the input gradient on the context's threads.</summary>
    /// <remarks>The gradient is of full width, zero where an output was not computed.</remarks>
    public static void InputGradient(
        Context context, in ConvolutionGeometry geometry, int batch, Tensor gradient, Tensor packed, Tensor inputGradient, bool accumulate)
    {
        FusedSteps steps = new() { Residual = accumulate ? inputGradient : default };
        Transposed(context, in geometry, batch, gradient, packed, inputGradient, default, false, in steps);
    }

    /// <summary>Computes a transposed convolution, of some of its output pixels, on the context's threads.</summary>
    public static void Transposed(
        Context context, in ConvolutionGeometry geometry, int batch, Tensor input, Tensor packed, Tensor output, Selection pixels, bool isCompact,
        in FusedSteps steps)
    {
        DepthwiseWork work = new()
        {
            _geometry = geometry,
            _batch = batch,
            _selection = new Conv2dSelection { Pixels = pixels, CompactPixels = isCompact },
            _steps = steps,
            _source = input,
            _packed = packed,
            _target = output,
            _isBackward = true,
        };
        work.Run(context);
    }

    /// <inheritdoc/>
    public readonly void Execute(int part)
    {
        int length = DepthwiseConvolution.ScratchIndices(in _geometry);
        Span<int> indices = _indices.Slice(part * length, length);
        int total = Total();
        int start = (int)((long)total * part / _parts);
        int end = (int)((long)total * (part + 1) / _parts);
        for (int sample = 0; sample < _batch; sample++)
        {
            int first = _selection.Pixels.IsAll ? sample * Pixels : _selection.Pixels.Offsets[sample];
            int count = _selection.Pixels.IsAll ? Pixels : _selection.Pixels.RowCount(sample);
            int from = Math.Max(start, first) - first;
            int to = Math.Min(end, first + count) - first;
            if (from < to)
            {
                Sample(sample, first, from, to, indices);
            }
        }
    }

    private void Run(Context context)
    {
        long macs = (long)Total() * _geometry.MacsPerPixel;
        _parts = context.Workers.Threads == 1 ? 1 : (int)Math.Clamp(macs / MacsPerPart, 1, context.Workers.Threads * PartsPerThread);
        using WorkspaceScope scope = context.Workspace.Enter();
        _indices = context.Workspace.RentIntegers(_parts * DepthwiseConvolution.ScratchIndices(in _geometry));
        context.Workers.Run(_parts, in this);
    }

    private readonly int Pixels => _isBackward ? _geometry.InPixels : _geometry.OutPixels;

    private readonly int Total() => _selection.Pixels.IsAll ? _batch * Pixels : _selection.Pixels.Count;

    private readonly void Sample(int sample, int firstPixel, int from, int to, Span<int> indices)
    {
        ActiveList pixels = _selection.Of(sample).Pixels;
        int length = pixels.Width(Pixels) * _geometry.InChannels;
        int start = pixels.IsCompact ? firstPixel * _geometry.InChannels : sample * length;
        Epilogue epilogue = _steps.For(start, length);
        Span<float> target = _target.Span.Slice(start, length);
        if (_isBackward)
        {
            DepthwiseConvolution.InputGradient(
                in _geometry, _source.Span.Slice(sample * _geometry.OutElements, _geometry.OutElements), _packed.Span, pixels, from, to, target,
                in epilogue, indices);
        }
        else
        {
            DepthwiseConvolution.Forward(
                in _geometry, _source.Span.Slice(sample * _geometry.InElements, _geometry.InElements), _packed.Span, pixels, from, to, target,
                in epilogue, indices);
        }
    }
}
