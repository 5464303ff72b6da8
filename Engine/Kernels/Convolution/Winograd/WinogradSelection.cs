using System;

namespace ManagedDyn.Engine.Kernels.Convolution.Winograd;

/// <summary>
/// Cuts the selected pixels of a sample into tiles that are computed whole, because enough of their pixels are wanted, and pixels that the direct sum
/// serves sooner. Where a pixel goes depends on its own sample's selection alone.
/// </summary>
public ref struct WinogradSelection
{
    private readonly ConvolutionGeometry _geometry;
    private readonly WinogradForm _form;
    private readonly int _shift;
    private readonly int _across;
    private readonly int _tiles;
    private readonly int _least;
    private readonly Span<int> _indices;
    private readonly Span<int> _tileRows;
    private readonly Span<int> _pixels;
    private readonly Span<int> _pixelRows;
    private readonly Span<int> _slots;

    /// <summary>Starts with nothing.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="form">The algorithm of the tiles.</param>
    /// <param name="pixels">Pixels that the batch selects.</param>
    /// <param name="batch">Samples.</param>
    /// <param name="memory"><see cref="MemoryLength"/> elements.</param>
    public WinogradSelection(scoped in ConvolutionGeometry geometry, WinogradForm form, int pixels, int batch, Span<int> memory)
    {
        WinogradGeometry cut = new(in geometry, form);
        _geometry = geometry;
        _form = form;
        _shift = form == WinogradForm.F4 ? 2 : 1;
        _across = cut.TilesAcross;
        _tiles = cut.Tiles;
        _least = ConvolutionCosts.LeastPixels(in geometry, form);
        int most = Math.Min(pixels, checked(batch * _tiles));
        _indices = memory[..most];
        _tileRows = memory.Slice(most, most << (2 * _shift));
        memory = memory[(_indices.Length + _tileRows.Length)..];
        _pixels = memory[..pixels];
        _pixelRows = memory.Slice(pixels, pixels);
        _slots = memory.Slice(2 * pixels, _tiles);
    }

    /// <summary>Tiles so far. Set with <see cref="PixelCount"/> to look again at a selection that the memory holds.</summary>
    public int TileCount { readonly get; set; }

    /// <summary>Single pixels so far.</summary>
    public int PixelCount { readonly get; set; }

    /// <summary>The tiles so far.</summary>
    public readonly WinogradTiles Tiles => new(_indices[..TileCount], _tileRows[..(TileCount << (2 * _shift))]);

    /// <summary>The single pixels so far, sample by sample, ascending within each.</summary>
    public readonly ReadOnlySpan<int> Pixels => _pixels[..PixelCount];

    /// <summary>The row of the output that each single pixel goes to, counted over the batch.</summary>
    public readonly ReadOnlySpan<int> PixelRows => _pixelRows[..PixelCount];

    /// <summary>The memory that a selection needs, in integers.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="form">The algorithm of the tiles.</param>
    /// <param name="pixels">Pixels that the batch selects.</param>
    /// <param name="batch">Samples.</param>
    public static int MemoryLength(in ConvolutionGeometry geometry, WinogradForm form, int pixels, int batch)
    {
        int tiles = WinogradConvolution.TileCount(in geometry, form);
        int size = form == WinogradForm.F4 ? 16 : 4;
        return checked((Math.Min(pixels, batch * tiles) * (1 + size)) + (2 * pixels) + tiles);
    }

    /// <summary>Adds the pixels of the next sample.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="pixels">Its selected pixels, ascending.</param>
    /// <param name="firstRow">The row of the output that pixel 0 goes to, or, when rows are compact, the first of the selected pixels.</param>
    /// <param name="isCompact">Whether the output has rows for selected pixels only.</param>
    public void Add(int sample, ReadOnlySpan<int> pixels, int firstRow, bool isCompact)
    {
        _slots.Clear();
        Count(pixels);
        int before = TileCount;
        int covered = TakeTiles(sample);
        if (TileCount > before && !Pays(TileCount - before, pixels.Length - covered, pixels.Length))
        {
            TileCount = before;
            _slots.Fill(-1);
        }

        int mask = (1 << _shift) - 1;
        int y = 0;
        int rowStart = 0;
        for (int i = 0; i < pixels.Length; i++)
        {
            int pixel = pixels[i];
            while (pixel - rowStart >= _geometry.OutWidth)
            {
                rowStart += _geometry.OutWidth;
                y++;
            }

            int x = pixel - rowStart;
            int slot = _slots[((y >> _shift) * _across) + (x >> _shift)];
            int row = firstRow + (isCompact ? i : pixel);
            if (slot >= 0)
            {
                _tileRows[(slot << (2 * _shift)) + ((y & mask) << _shift) + (x & mask)] = row;
            }
            else
            {
                _pixels[PixelCount] = pixel;
                _pixelRows[PixelCount++] = row;
            }
        }
    }

    private readonly void Count(ReadOnlySpan<int> pixels)
    {
        int end = 0;
        for (int y = 0, i = 0; i < pixels.Length; y++)
        {
            int first = end;
            end += _geometry.OutWidth;
            int tileRow = (y >> _shift) * _across;
            for (; i < pixels.Length && pixels[i] < end; i++)
            {
                _slots[tileRow + ((pixels[i] - first) >> _shift)]++;
            }
        }
    }

    // Turns each tile's count into its place among the tiles, or −1; returns the number of pixels in them.
    private int TakeTiles(int sample)
    {
        int covered = 0;
        int size = 1 << _shift;
        for (int tile = 0; tile < _tiles; tile++)
        {
            int count = _slots[tile];
            int height = Math.Min(size, _geometry.OutHeight - (tile / _across * size));
            int width = Math.Min(size, _geometry.OutWidth - (tile % _across * size));
            if (count == 0 || count < Math.Min(_least, height * width))
            {
                _slots[tile] = -1;
                continue;
            }

            _slots[tile] = TileCount;
            _indices[TileCount] = (sample * _tiles) + tile;
            _tileRows.Slice(TileCount << (2 * _shift), size * size).Fill(-1);
            TileCount++;
            covered += count;
        }

        return covered;
    }

    // Few tiles are not worth the reading of transformed weights, of which there are more.
    private readonly bool Pays(int tiles, int single, int all)
    {
        double mixed = ConvolutionCosts.Tiles(in _geometry, _form, tiles) + (single == 0 ? 0 : ConvolutionCosts.Direct(in _geometry, single));
        return mixed < ConvolutionCosts.Direct(in _geometry, all);
    }
}
