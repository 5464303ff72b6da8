using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>A batch's convolution to few channels, with pixels side by side in a vector; parts are rows of a sample, and no cut changes a bit.</summary>
internal readonly struct PlaneWork : IParallelWork
{
    private readonly ConvolutionGeometry _geometry;
    private readonly Conv2dSelection _selection;
    private readonly FusedSteps _steps;
    private readonly Tensor _input;
    private readonly Tensor _packed;
    private readonly Tensor _output;
    private readonly PartScratch _scratch;
    private readonly int _parts;

    private PlaneWork(
        Context context, in ConvolutionGeometry geometry, int batch, Tensor input, Tensor packed, Tensor output, in Conv2dSelection selection, in FusedSteps steps)
    {
        _geometry = geometry;
        _selection = selection;
        _steps = steps;
        _input = input;
        _packed = packed;
        _output = output;
        _parts = PlaneConvolution.PartCount(in geometry);
        _scratch = new PartScratch(context, batch * _parts, PlaneConvolution.ScratchLength(in geometry));
    }

    /// <summary>
    /// Whether a convolution runs this way. Its bits are those of the other direct way, so that may depend on the whole batch; only from one channel to one,
    /// where the other way leaves taps in the padding out, all pixels go this way, since 0 · ∞ is no 0.
    /// </summary>
    public static bool Takes(Context context, in ConvolutionGeometry geometry, in Conv2dSelection selection, int batch) =>
        !selection.SelectsChannels && batch > 0 && ConvolutionCosts.ChoosesPlanes(in geometry, context.Accuracy == Accuracy.Fast)
        && (selection.Pixels.IsAll || geometry.IsDepthwise || ConvolutionCosts.Direct(in geometry, selection.Pixels.Count / batch) > ConvolutionCosts.Planes(in geometry));

    /// <summary>Convolves on the context's threads.</summary>
    public static void Run(
        Context context, in ConvolutionGeometry geometry, int batch, Tensor input, Tensor packed, Tensor output, in Conv2dSelection selection, in FusedSteps steps)
    {
        PlaneWork work = new(context, in geometry, batch, input, packed, output, in selection, in steps);
        context.Workers.Run(batch * work._parts, in work);
        work._scratch.Recycle(context);
    }

    /// <inheritdoc/>
    public void Execute(int part)
    {
        int sample = part / _parts;
        ActiveList pixels = _selection.Of(sample).Pixels;
        int length = pixels.Width(_geometry.OutPixels) * _geometry.OutChannels;
        int start = pixels.IsCompact ? _selection.FirstPixel(in _geometry, sample) * _geometry.OutChannels : sample * length;
        Epilogue epilogue = _steps.For(start, length);
        Span<float> scratch = _scratch.Take(out int piece);
        try
        {
            PlaneConvolution.Forward(
                in _geometry, _input.Span.Slice(sample * _geometry.InElements, _geometry.InElements), _packed.Span, _output.Span.Slice(start, length), pixels,
                in epilogue, scratch, part % _parts);
        }
        finally
        {
            _scratch.Return(piece);
        }
    }
}
