using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.LocalFilters;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// A batch's local filtering or one of its gradients. Output rows are independent of each other, so the cut changes no bit; gradients that gather from
/// several pixels take a sample as a whole.
/// </summary>
internal struct LocalFilterWork : IParallelWork
{
    private const long MacsPerPart = 1L << 16;

    private Step _step;
    private LocalFilterGeometry _geometry;
    private Tensor _input;
    private Tensor _filters;
    private Tensor _output;
    private Tensor _scratch;
    private int _scratchLength;
    private int _rowsPerPart;
    private int _partsPerSample;

    private enum Step
    {
        Forward,
        Filters,
        Input,
    }

    public static void Forward(Context context, in LocalFilterGeometry geometry, int batch, Tensor input, Tensor filters, Tensor output) =>
        Run(context, Step.Forward, in geometry, batch, input, filters, output, LocalFilterKernel.ScratchLength(in geometry));

    /// <summary>Adds the gradient of the filters; <paramref name="filterGradient"/> stands in the place of the filters.</summary>
    public static void FilterGradient(Context context, in LocalFilterGeometry geometry, int batch, Tensor input, Tensor upstream, Tensor filterGradient) =>
        Run(context, Step.Filters, in geometry, batch, input, filterGradient, upstream, LocalFilterGradient.ScratchLength(in geometry));

    /// <summary>Adds the gradient of the input; <paramref name="inputGradient"/> stands in the place of the input.</summary>
    public static void InputGradient(Context context, in LocalFilterGeometry geometry, int batch, Tensor filters, Tensor upstream, Tensor inputGradient) =>
        Run(context, Step.Input, in geometry, batch, inputGradient, filters, upstream, LocalFilterGradient.ScratchLength(in geometry));

    /// <inheritdoc/>
    public readonly void Execute(int part)
    {
        int sample = part / _partsPerSample;
        int firstRow = part % _partsPerSample * _rowsPerPart;
        int endRow = Math.Min(_geometry.OutHeight, firstRow + _rowsPerPart);
        Span<float> input = Slice(_input, sample, _geometry.Maps.InElements);
        Span<float> filters = Slice(_filters, sample, _geometry.FilterElements);
        Span<float> output = Slice(_output, sample, _geometry.OutElements);
        Span<float> scratch = Slice(_scratch, part, _scratchLength);
        switch (_step)
        {
            case Step.Forward:
                LocalFilterKernel.Forward(in _geometry, input, filters, output, firstRow, endRow, scratch);
                break;
            case Step.Filters:
                LocalFilterGradient.Filters(in _geometry, input, output, filters, firstRow, endRow, scratch);
                break;
            default:
                LocalFilterGradient.Input(in _geometry, filters, output, input, scratch);
                break;
        }
    }

    private static void Run(
        Context context, Step step, in LocalFilterGeometry geometry, int batch, Tensor input, Tensor filters, Tensor output, int scratchLength)
    {
        bool wholeSamples = step == Step.Input || (step == Step.Filters && geometry.IsShared);
        long macsPerRow = Math.Max(1, geometry.MacsPerSample / geometry.OutHeight);
        LocalFilterWork work = default;
        work._step = step;
        work._geometry = geometry;
        work._input = input;
        work._filters = filters;
        work._output = output;
        work._rowsPerPart = wholeSamples ? geometry.OutHeight : (int)Math.Clamp(MacsPerPart / macsPerRow, 1, geometry.OutHeight);
        work._partsPerSample = (geometry.OutHeight + work._rowsPerPart - 1) / work._rowsPerPart;
        work._scratchLength = scratchLength;
        int parts = batch * work._partsPerSample;
        work._scratch = context.Workspace.Rent(new Shape(parts, scratchLength));
        context.Workers.Run(parts, in work);
        context.Workspace.Recycle(work._scratch.Storage);
    }

    private static Span<float> Slice(Tensor tensor, int index, int length) => tensor.Span.Slice(index * length, length);
}
