using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// A batch's convolution, cut into parts of about as many output pixels each, or, where there are few pixels, of about as many panels of
/// output channels. No cut changes a bit, so the number of parts may depend on the number of threads.
/// </summary>
internal struct ConvolutionWork : IParallelWork
{
    // Parts smaller than this cost more to hand out than to compute.
    private const long MacsPerPart = 1L << 16;

    // Several parts for each thread, so that none waits long for the last.
    private const int PartsPerThread = 4;

    // With fewer pixels a part would load each panel for too few of them.
    private const int PixelsPerPart = 96;

    private ConvolutionGeometry _geometry;
    private int _first;
    private int _batch;
    private Conv2dSelection _selection;
    private FusedSteps _steps;
    private Tensor _input;
    private Tensor _packed;
    private Tensor _output;
    private PartScratch _scratch;
    private int _parts;
    private bool _splitsPanels;

    /// <summary>Runs the convolution of a whole batch on the context's threads.</summary>
    public static void Run(
        Context context, in ConvolutionGeometry geometry, int batch, Tensor input, Tensor packed, Tensor output, in Conv2dSelection selection, in FusedSteps steps) =>
        Run(context, in geometry, 0, batch, input, packed, output, in selection, in steps);

    /// <summary>Runs the convolution of some samples that follow one another; where they are not the whole batch, no pixels are selected.</summary>
    public static void Run(
        Context context, in ConvolutionGeometry geometry, int first, int count, Tensor input, Tensor packed, Tensor output, in Conv2dSelection selection, in FusedSteps steps)
    {
        if (count == 0)
        {
            return;
        }

        ConvolutionWork work = default;
        work._geometry = geometry;
        work._first = first;
        work._batch = count;
        if (geometry.IsPointwise && selection.Pixels.IsAll && !selection.DiffersBySample && first == 0)
        {
            // Pixels that see no neighbours need not know which sample they belong to.
            work._geometry = new ConvolutionGeometry(
                geometry.InChannels, geometry.OutChannels, 1, 1, checked(count * geometry.OutPixels), 1, groups: geometry.Groups);
            work._batch = 1;
        }

        work._selection = selection;
        work._steps = steps;
        work._input = input;
        work._packed = packed;
        work._output = output;
        int scratchLength = IndirectConvolution.ScratchLength(in work._geometry, selection.SelectsChannels);
        int pixels = selection.Pixels.IsAll ? work._batch * work._geometry.OutPixels : selection.Pixels.Count;
        work._parts = 1;
        if (context.Workers.Threads > 1)
        {
            long macs = pixels * geometry.MacsPerPixel;

            // Where channels are listed, each part moves them side by side for itself: no more parts than threads.
            int wanted = context.Workers.Threads * (selection.SelectsChannels ? 1 : PartsPerThread);
            work._parts = (int)Math.Clamp(macs / MacsPerPart, 1, wanted);
            work._splitsPanels = pixels / work._parts < PixelsPerPart;
            int most = work._splitsPanels ? geometry.Groups * ConvolutionWeights.PanelsPerGroup(in geometry) : pixels;
            work._parts = Math.Clamp(work._parts, 1, Math.Max(1, most));
        }

        work._scratch = new PartScratch(context, work._parts, scratchLength);
        context.Workers.Run(work._parts, in work);
        work._scratch.Recycle(context);
    }

    /// <inheritdoc/>
    public readonly void Execute(int part)
    {
        Span<float> scratch = _scratch.Take(out int piece);
        try
        {
            Execute(part, scratch);
        }
        finally
        {
            _scratch.Return(piece);
        }
    }

    private readonly void Execute(int part, Span<float> scratch)
    {
        int total = _selection.Pixels.IsAll ? _batch * _geometry.OutPixels : _selection.Pixels.Count;
        int start = _splitsPanels ? 0 : (int)((long)total * part / _parts);
        int end = _splitsPanels ? total : (int)((long)total * (part + 1) / _parts);
        int before = _first == 0 ? 0 : _selection.FirstPixel(in _geometry, _first);
        for (int sample = _first; sample < _first + _batch; sample++)
        {
            int first = _selection.FirstPixel(in _geometry, sample);
            int count = _selection.PixelCount(in _geometry, sample);
            int from = Math.Max(start + before, first) - first;
            int to = Math.Min(end + before, first + count) - first;
            if (from < to)
            {
                Sample(sample, first, from..to, part, scratch);
            }
        }
    }

    private readonly void Sample(int sample, int firstPixel, Range pixels, int part, Span<float> scratch)
    {
        ConvolutionSelection selection = _selection.Of(sample);
        Range panels = Range.All;
        if (_splitsPanels)
        {
            int count = IndirectConvolution.PanelCount(in _geometry, in selection);
            panels = new Range((int)((long)count * part / _parts), (int)((long)count * (part + 1) / _parts));
        }

        int inLength = selection.InputLength(in _geometry);
        int outLength = selection.OutputLength(in _geometry);
        int outStart = selection.Pixels.IsCompact ? firstPixel * selection.OutChannels.Width(_geometry.OutChannels) : sample * outLength;
        Epilogue epilogue = _steps.For(outStart, outLength);
        IndirectConvolution.Forward(
            in _geometry, _input.Span.Slice(sample * inLength, inLength), _packed.Span, _output.Span.Slice(outStart, outLength),
            in selection, in epilogue, scratch, pixels, panels);
    }
}
