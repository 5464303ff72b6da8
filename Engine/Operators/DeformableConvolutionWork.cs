using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// A batch's deformable convolution: block by block the patches of some output pixels are sampled side by side and multiplied by the packed weight
/// while they are in the caches. A pixel's result depends on no other's, so the cut into parts and blocks changes no bit.
/// </summary>
internal struct DeformableConvolutionWork : IParallelWork
{
    private const long MacsPerPart = 1L << 16;
    private const int PartsPerThread = 4;

    // A block's patches stay in a core's own cache; no more than a matrix multiply takes in one sweep over the weight.
    private const int BlockElements = 1 << 15;

    private DeformGeometry _geometry;
    private int _batch;
    private FusedSteps _steps;
    private Tensor _input;
    private Tensor _offsets;
    private Tensor _modulation;
    private Tensor _panels;
    private Tensor _output;
    private Tensor _patches;
    private Tensor _scratch;
    private int _blockPixels;
    private int _parts;

    /// <summary>Pixels of a block: a whole number of the multiply's register blocks.</summary>
    public static int BlockPixels(in DeformGeometry geometry) =>
        Math.Clamp(BlockElements / geometry.PatchLength / BlockKernel.Rows * BlockKernel.Rows, BlockKernel.Rows, PanelSweep.MaximumRows);

    /// <summary>Runs the convolution on the context's threads.</summary>
    public static void Forward(
        Context context, in DeformGeometry geometry, int batch, Tensor input, Tensor offsets, Tensor modulation, Tensor panels, Tensor output, in FusedSteps steps)
    {
        DeformableConvolutionWork work = default;
        work._geometry = geometry;
        work._batch = batch;
        work._steps = steps;
        work._input = input;
        work._offsets = offsets;
        work._modulation = modulation;
        work._panels = panels;
        work._output = output;
        int pixels = batch * geometry.Maps.OutPixels;
        work._blockPixels = BlockPixels(in geometry);
        work._parts = context.Workers.Threads == 1
            ? 1
            : (int)Math.Clamp(batch * geometry.Maps.MacsPerSample / MacsPerPart, 1, Math.Min(Math.Max(1, pixels), context.Workers.Threads * PartsPerThread));
        work._patches = context.Workspace.Rent(new Shape(work._parts, work._blockPixels, geometry.PatchLength));
        work._scratch = context.Workspace.Rent(new Shape(work._parts, PackedMultiply.ScratchLength));
        context.Workers.Run(work._parts, in work);
        context.Workspace.Recycle(work._patches.Storage);
        context.Workspace.Recycle(work._scratch.Storage);
    }

    /// <inheritdoc/>
    public readonly void Execute(int part)
    {
        int outPixels = _geometry.Maps.OutPixels;
        long total = (long)_batch * outPixels;
        int end = (int)(total * (part + 1) / _parts);
        for (int first = (int)(total * part / _parts); first < end;)
        {
            int sample = first / outPixels;
            int count = Math.Min(Math.Min(end, (sample + 1) * outPixels) - first, _blockPixels);
            Block(part, sample, first - (sample * outPixels), count);
            first += count;
        }
    }

    /// <summary>One sample's elements of a tensor; none of no tensor.</summary>
    internal static Span<float> Sample(Tensor tensor, int sample) =>
        tensor.Exists ? tensor.Rows(sample, 1).Span : default;

    private readonly void Block(int part, int sample, int firstPixel, int count)
    {
        ConvolutionGeometry maps = _geometry.Maps;
        Span<float> patches = _patches.Rows(part, 1).Span;
        DeformedPatches.Sample(in _geometry, Sample(_input, sample), Sample(_offsets, sample), Sample(_modulation, sample), firstPixel, count, patches);
        int depth = maps.Taps * maps.InChannelsPerGroup;
        int columns = maps.OutChannelsPerGroup;
        int panelLength = Panel.Length(depth, columns);
        int start = ((sample * maps.OutPixels) + firstPixel) * maps.OutChannels;
        int length = count * maps.OutChannels;
        Epilogue all = _steps.For(start, length);
        MultiplyShape shape = new(count, depth, columns) { LeftStride = _geometry.PatchLength, OutputStride = maps.OutChannels };
        for (int group = 0; group < maps.Groups; group++)
        {
            int first = group * columns;
            Epilogue own = new()
            {
                Scale = all.Scale.IsEmpty ? default : all.Scale.Slice(first, columns),
                Shift = all.Shift.IsEmpty ? default : all.Shift.Slice(first, columns),
                Residual = all.Residual.IsEmpty ? default : all.Residual[first..],
                Activation = all.Activation,
            };
            PackedMultiply.Multiply(
                in shape, patches[(group * depth)..], _panels.Span.Slice(group * panelLength, panelLength), _output.Span.Slice(start + first, length - first), in own,
                _scratch.Rows(part, 1).Span);
        }
    }
}
