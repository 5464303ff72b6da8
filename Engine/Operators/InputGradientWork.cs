using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace ManagedDyn.Engine.Operators;

/// <summary>A batch's input gradient of a convolution, or its transposed convolution, cut into parts of about as many input pixels each; no cut changes a bit.</summary>
internal struct InputGradientWork : IParallelWork
{
    private const long MacsPerPart = 1L << 16;
    private const int PartsPerThread = 4;

    private ConvolutionGeometry _geometry;
    private int _batch;
    private Tensor _gradient;
    private Selection _pixels;
    private bool _isCompact;
    private Tensor _packed;
    private Tensor _target;
    private Selection _targetPixels;
    private bool _targetIsCompact;
    private FusedSteps _steps;
    private Tensor _scratch;
    private int _scratchLength;
    private int _parts;

    /// <summary>Computes the input gradient on the context's threads.</summary>
    public static void Run(
        Context context, in ConvolutionGeometry geometry, int batch, Tensor gradient, Selection pixels, bool isCompact, Tensor weight,
        Tensor inputGradient, bool accumulate)
    {
        if (accumulate && !pixels.IsAll)
        {
            // Where few pixels are listed, sums wait for further taps in the result itself, which so cannot hold another summand.
            Tensor sums = context.Workspace.Rent(inputGradient.Shape);
            Run(context, in geometry, batch, gradient, pixels, isCompact, weight, sums, accumulate: false);
            TensorPrimitives.Add(inputGradient.Span, sums.Span, inputGradient.Span);
            context.Workspace.Recycle(sums.Storage);
            return;
        }

        Tensor packed = context.Workspace.Rent(new Shape(ConvolutionInputGradient.PackedLength(in geometry)));
        ConvolutionInputGradient.Pack(in geometry, weight.Span, packed.Span);
        InputGradientWork work = new()
        {
            _geometry = geometry,
            _batch = batch,
            _gradient = gradient,
            _pixels = pixels,
            _isCompact = isCompact,
            _packed = packed,
            _target = inputGradient,
            _steps = new FusedSteps { Residual = accumulate ? inputGradient : default },
        };
        work.Run(context);
        context.Workspace.Recycle(packed.Storage);
    }

    /// <summary>Computes a transposed convolution, of some of its output pixels, on the context's threads.</summary>
    public static void RunTransposed(
        Context context, in ConvolutionGeometry geometry, int batch, Tensor input, Tensor packed, Tensor output, Selection pixels, bool isCompact,
        in FusedSteps steps)
    {
        InputGradientWork work = new()
        {
            _geometry = geometry,
            _batch = batch,
            _gradient = input,
            _packed = packed,
            _target = output,
            _targetPixels = pixels,
            _targetIsCompact = isCompact,
            _steps = steps,
        };
        work.Run(context);
    }

    /// <inheritdoc/>
    public readonly void Execute(int part)
    {
        Span<float> scratch = _scratch.Span.Slice(part * _scratchLength, _scratchLength);
        int total = Total();
        int start = (int)((long)total * part / _parts);
        int end = (int)((long)total * (part + 1) / _parts);
        for (int sample = 0; sample < _batch; sample++)
        {
            int first = _targetPixels.IsAll ? sample * _geometry.InPixels : _targetPixels.Offsets[sample];
            int count = _targetPixels.IsAll ? _geometry.InPixels : _targetPixels.RowCount(sample);
            int from = Math.Max(start, first) - first;
            int to = Math.Min(end, first + count) - first;
            if (from < to)
            {
                Sample(sample, from..to, scratch);
            }
        }
    }

    private readonly int Total() => _targetPixels.IsAll ? _batch * _geometry.InPixels : _targetPixels.Count;

    private void Run(Context context)
    {
        long macs = _batch * _geometry.MacsPerSample;
        int most = Math.Max(1, Total());
        _parts = context.Workers.Threads == 1 ? 1 : (int)Math.Clamp(macs / MacsPerPart, 1, Math.Min(most, context.Workers.Threads * PartsPerThread));
        _scratchLength = ConvolutionInputGradient.ScratchLength(in _geometry);
        _scratch = context.Workspace.Rent(new Shape(_parts, _scratchLength));
        context.Workers.Run(_parts, in this);
        context.Workspace.Recycle(_scratch.Storage);
    }

    private readonly void Sample(int sample, Range range, Span<float> scratch)
    {
        ActiveList outputs = List(_pixels, _isCompact, sample);
        int start = outputs.IsCompact ? _pixels.Offsets[sample] * _geometry.OutChannels : sample * _geometry.OutElements;
        ActiveList targets = List(_targetPixels, _targetIsCompact, sample);
        int targetStart = targets.IsCompact ? _targetPixels.Offsets[sample] * _geometry.InChannels : sample * _geometry.InElements;
        int targetLength = targets.Width(_geometry.InPixels) * _geometry.InChannels;
        Epilogue epilogue = _steps.For(targetStart, targetLength);
        ConvolutionInputGradient.Compute(
            in _geometry, _gradient.Span.Slice(start, outputs.Width(_geometry.OutPixels) * _geometry.OutChannels), _packed.Span,
            _target.Span.Slice(targetStart, targetLength), targets, outputs, in epilogue, scratch, range, Range.All);
    }

    private static ActiveList List(Selection pixels, bool isCompact, int sample) => pixels.IsAll
        ? ActiveList.All
        : isCompact ? ActiveList.CompactOf(pixels.Row(sample)) : ActiveList.Of(pixels.Row(sample));
}
