using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Convolution.Winograd;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// A batch's convolution by minimal filtering, cut into parts of tiles, or of panels where there are few tiles, and parts of the single pixels
/// that no tile serves. No cut changes a bit.
/// </summary>
internal struct WinogradWork : IParallelWork
{
    private const long MacsPerPart = 1L << 17;
    private const int PartsPerThread = 4;

    // With fewer tiles for each thread it would load the transformed weights for too few of them; the parts may be smaller.
    private const int TilesPerThread = 48;
    private const int TilesPerPart = 24;

    private ConvolutionGeometry _geometry;
    private WinogradForm _form;
    private int _batch;
    private FusedSteps _steps;
    private Tensor _input;
    private Tensor _panels;
    private Tensor _transformed;
    private Tensor _output;
    private PartScratch _scratch;
    private Storage<int> _lists;
    private int _listedPixels;
    private bool _isListed;
    private int _tiles;
    private int _pixels;
    private int _tileParts;
    private int _pixelParts;
    private bool _splitsPanels;
    private PickedWeights _picked;

    /// <summary>The arithmetic of a convolution; null: direct. Where the whole map's is, so is that of selected pixels.</summary>
    public static WinogradForm? Choose(Context context, in ConvolutionGeometry geometry, in Conv2dSelection selection) =>
        context.Accuracy == Accuracy.Fast && !selection.SelectsChannels && !ConvolutionCosts.ChoosesPlanes(in geometry, allowsTiles: true)
            ? ConvolutionCosts.Choose(in geometry)
            : null;

    /// <summary>Runs the convolution on the context's threads, with weights transformed before if they are <paramref name="ready"/>.</summary>
    public static void Run(
        Context context, in ConvolutionGeometry geometry, WinogradForm form, int batch, Tensor input, Tensor panels, PackedWeight? packed, Tensor output,
        in Conv2dSelection selection, in FusedSteps steps, Tensor ready = default, PickedWeights picked = default)
    {
        if (batch == 0)
        {
            return;
        }

        WinogradWork work = new()
        {
            _geometry = geometry,
            _form = form,
            _batch = batch,
            _steps = steps,
            _input = input,
            _panels = panels,
            _output = output,
            _picked = picked,
            _isListed = !selection.Pixels.IsAll,
            _tiles = batch * WinogradConvolution.TileCount(in geometry, form),
        };
        if (work._isListed)
        {
            work.List(context, in selection);
        }

        Tensor transformed = work._tiles > 0 && !ready.Exists ? packed?.Transformed(form) ?? default : ready;
        work._transformed = transformed;
        if (!transformed.Exists && work._tiles > 0)
        {
            work._transformed = context.Workspace.Rent(new Shape(WinogradWeights.PackedLength(in geometry, form)));
            WinogradWeights.Pack(in geometry, form, panels.Span, work._transformed.Span);
        }

        work.Split(context.Workers.Threads);
        int scratchLength = Math.Max(
            work._tiles > 0 ? WinogradConvolution.ScratchLength(in geometry, form) : 0,
            work._pixels > 0 ? IndirectConvolution.ScratchLength(in geometry, false) : 0);
        int parts = work._tileParts + work._pixelParts;
        work._scratch = new PartScratch(context, parts, scratchLength);
        context.Workers.Run(parts, in work);
        work._scratch.Recycle(context);
        if (!transformed.Exists && work._tiles > 0)
        {
            context.Workspace.Recycle(work._transformed.Storage);
        }
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
        Epilogue epilogue = _steps.For(0, _output.Count);
        if (part >= _tileParts)
        {
            Pixels(part - _tileParts, in epilogue, scratch);
            return;
        }

        int count = _splitsPanels ? WinogradConvolution.PanelCount(in _geometry) : _tiles;
        Range range = new((int)((long)count * part / _tileParts), (int)((long)count * (part + 1) / _tileParts));
        WinogradTiles tiles = _isListed ? Lists().Tiles : WinogradTiles.All;
        WeightPick pick = _picked.Pick;
        WinogradConvolution.Forward(
            in _geometry, _form, _batch, _input.Span, _transformed.Span, _output.Span, in tiles, in epilogue, scratch,
            _splitsPanels ? Range.All : range, _splitsPanels ? range : Range.All, in pick);
    }

    // Behind the lists, where each sample's single pixels start and end, and the number of tiles.
    private void List(Context context, in Conv2dSelection selection)
    {
        _listedPixels = selection.Pixels.Count;
        int memory = WinogradSelection.MemoryLength(in _geometry, _form, _listedPixels, _batch);
        int kind = (selection.KeepsArithmetic ? 4 : 0) + (selection.CompactPixels ? 2 : 0) + (_form == WinogradForm.F4 ? 1 : 0);
        ListKey key = new(kind, _batch, _geometry.OutHeight, _geometry.OutWidth, _geometry.InChannels, _geometry.OutChannels, _geometry.Taps);
        Storage<int> source = selection.Pixels.Storage!;
        if (context.Workspace.FindList(source, in key) is { } known)
        {
            _lists = known;
        }
        else
        {
            _lists = context.Workspace.RentIntegers(memory + _batch + 2);
            Span<int> offsets = _lists.Slice(memory, _batch + 2);
            WinogradSelection lists = new(in _geometry, _form, _listedPixels, _batch, _lists.Slice(0, memory)) { TakesAllTiles = selection.KeepsArithmetic };
            for (int sample = 0; sample < _batch; sample++)
            {
                offsets[sample] = lists.PixelCount;
                int firstRow = selection.CompactPixels ? selection.Pixels.Offsets[sample] : sample * _geometry.OutPixels;
                lists.Add(sample, selection.Pixels.Row(sample), firstRow, selection.CompactPixels);
            }

            offsets[_batch] = lists.PixelCount;
            offsets[_batch + 1] = lists.TileCount;
            context.Workspace.AddList(source, in key, _lists);
        }

        _tiles = _lists.Slice(memory + _batch + 1, 1)[0];
        _pixels = _lists.Slice(memory + _batch, 1)[0];
    }

    private void Split(int threads)
    {
        long tileMacs = _geometry.MacsPerSample / Math.Max(1, WinogradConvolution.TileCount(in _geometry, _form)) * _tiles;
        long pixelMacs = _geometry.MacsPerPixel * _pixels;
        int wanted = threads == 1 ? 1 : threads * PartsPerThread;
        _tileParts = _tiles == 0 ? 0 : (int)Math.Clamp(tileMacs / MacsPerPart, 1, wanted);

        // As many parts as threads or a multiple, of tiles enough: shared panels are cheaper to read twice than the input to transform twice.
        int most = _tiles < threads * TilesPerThread ? 0 : _tiles / TilesPerPart / threads * threads;
        _tileParts = _tileParts > most && most > 0 ? most : _tileParts;
        _splitsPanels = _tileParts > 1 && most == 0;
        if (_splitsPanels)
        {
            // Each part transforms the input for itself, so there are no more than threads.
            _tileParts = Math.Min(Math.Min(_tileParts, threads), WinogradConvolution.PanelCount(in _geometry));
        }

        _pixelParts = _pixels == 0 ? 0 : (int)Math.Clamp(pixelMacs / MacsPerPart, 1, Math.Min(wanted, _pixels));
    }

    private readonly WinogradSelection Lists() => new(
        in _geometry, _form, _listedPixels, _batch, _lists.Slice(0, WinogradSelection.MemoryLength(in _geometry, _form, _listedPixels, _batch)))
    {
        TileCount = _tiles,
        PixelCount = _pixels,
    };

    private readonly void Pixels(int part, in Epilogue epilogue, Span<float> scratch)
    {
        WinogradSelection lists = Lists();
        ReadOnlySpan<int> offsets = _lists.Slice(_lists.Length - _batch - 2, _batch + 1);
        int start = (int)((long)_pixels * part / _pixelParts);
        int end = (int)((long)_pixels * (part + 1) / _pixelParts);
        for (int sample = 0; sample < _batch; sample++)
        {
            int from = Math.Max(start, offsets[sample]);
            int to = Math.Min(end, offsets[sample + 1]);
            if (from < to)
            {
                ConvolutionSelection selection = new() { Pixels = ActiveList.Of(lists.Pixels[from..to]), PixelRows = lists.PixelRows[from..to] };
                IndirectConvolution.Forward(
                    in _geometry, _input.Span.Slice(sample * _geometry.InElements, _geometry.InElements), _panels.Span, _output.Span, in selection,
                    in epilogue, scratch);
            }
        }
    }
}
