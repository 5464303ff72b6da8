using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>A convolution's weight gradient: its fixed chunks, on any threads, and their sum.</summary>
internal struct WeightGradientWork : IParallelWork
{
    private const int PartsPerThread = 2;

    private ConvolutionGeometry _geometry;
    private int _batch;
    private int _pieces;
    private int _shared;
    private Tensor _input;
    private Tensor _gradient;
    private Selection _pixels;
    private bool _isCompact;
    private Tensor _partials;
    private Tensor _scratch;
    private Storage<int> _indices;

    /// <summary>Computes the weight gradient on the context's threads.</summary>
    public static void Run(
        Context context, in ConvolutionGeometry geometry, int batch, Tensor input, Tensor gradient, Selection pixels, bool isCompact,
        Tensor weightGradient, bool accumulate)
    {
        bool isDepthwise = geometry.IsDepthwise;
        if (geometry.IsPointwise && geometry.Groups == 1 && pixels.IsAll && ConvolutionWeightGradient.ChunkCount(in geometry, batch) == 1)
        {
            FewRowsWork.WeightGradient(context, in geometry, batch * geometry.OutPixels, input, gradient, weightGradient, accumulate);
            return;
        }

        int chunks = isDepthwise ? DepthwiseWeightGradient.ChunkCount(in geometry, batch) : ConvolutionWeightGradient.ChunkCount(in geometry, batch);
        WeightGradientWork work = new()
        {
            _geometry = geometry,
            _batch = batch,
            _input = input,
            _gradient = gradient,
            _pixels = pixels,
            _isCompact = isCompact,
            _pieces = 1,
        };
        int shared = 0;
        if (!isDepthwise)
        {
            // Where chunks are few, threads share one by panels; that changes no bit.
            int wanted = context.Workers.Threads == 1 ? 1 : ((context.Workers.Threads * PartsPerThread) + chunks - 1) / chunks;
            work._pieces = Math.Clamp(wanted, 1, ConvolutionWeightGradient.PanelCount(in geometry));
            shared = pixels.IsAll ? ConvolutionWeightGradient.SharedIndices(in geometry) : 0;
        }

        int parts = chunks * work._pieces;
        work._partials = context.Workspace.Rent(new Shape(chunks, work.Partial));
        work._scratch = context.Workspace.Rent(new Shape(parts, work.Scratch));
        work._indices = context.Workspace.RentIntegers(shared + (parts * work.Indices));
        work._shared = shared;
        if (!isDepthwise)
        {
            ConvolutionWeightGradient.List(in geometry, batch, work._indices.Slice(0, shared));
        }

        context.Workers.Run(parts, in work);
        if (isDepthwise)
        {
            DepthwiseWeightGradient.Reduce(in geometry, batch, work._partials.Span, weightGradient.Span, accumulate);
        }
        else
        {
            ConvolutionWeightGradient.Reduce(in geometry, batch, work._partials.Span, weightGradient.Span, accumulate);
        }

        context.Workspace.Recycle(work._partials.Storage);
        context.Workspace.Recycle(work._scratch.Storage);
        context.Workspace.Recycle(work._indices);
    }

    private readonly int Partial =>
        _geometry.IsDepthwise ? DepthwiseWeightGradient.PartialElements(in _geometry) : ConvolutionWeightGradient.PartialElements(in _geometry);

    private readonly int Scratch =>
        _geometry.IsDepthwise ? DepthwiseWeightGradient.ScratchElements(in _geometry) : ConvolutionWeightGradient.ScratchElements(in _geometry);

    private readonly int Indices =>
        _geometry.IsDepthwise ? DepthwiseWeightGradient.ScratchIndices(in _geometry) : ConvolutionWeightGradient.OwnIndices(in _geometry);

    /// <inheritdoc/>
    public readonly void Execute(int part)
    {
        int chunk = part / _pieces;
        int piece = part % _pieces;
        Span<float> partial = _partials.Span.Slice(chunk * Partial, Partial);
        Span<float> scratch = _scratch.Span.Slice(part * Scratch, Scratch);
        Span<int> indices = _indices.Slice(_shared + (part * Indices), Indices);
        if (_geometry.IsDepthwise)
        {
            DepthwiseWeightGradient.ComputeChunk(
                in _geometry, _batch, part, _input.Span, _gradient.Span, _pixels, _isCompact, partial, scratch, indices);
        }
        else
        {
            int panels = ConvolutionWeightGradient.PanelCount(in _geometry);
            ConvolutionWeightGradient.ComputeChunk(
                in _geometry, _batch, chunk, (int)((long)panels * piece / _pieces), (int)((long)panels * (piece + 1) / _pieces), _input.Span,
                _gradient.Span, _pixels, _isCompact, _indices.Slice(0, _shared), partial, scratch, indices);
        }
    }
}
