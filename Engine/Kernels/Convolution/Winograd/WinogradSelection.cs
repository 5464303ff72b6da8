using System;

namespace ManagedDyn.Engine.Kernels.Convolution.Winograd;

/// <summary>
/// Cuts the selected pixels of a sample into tiles that are computed whole, because enough of their pixels are wanted, and pixels that the direct sum
/// serves sooner. Where a pixel goes depends on its own sample's selection alone.
/// </summary>
public ref struct WinogradSelection
{
    // What two kinds of work cost more than their sums: blocks that are not full, twice.
    private const double MixedFactor = 1.1;

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
    private readonly Span<int> _columns;

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
        _columns = memory.Slice((2 * pixels) + _tiles, _across << _shift);
    }

    /// <summary>Tiles so far. Set with <see cref="PixelCount"/> to look again at a selection that the memory holds.</summary>
    public int TileCount { readonly get; set; }

    /// <summary>Single pixels so far.</summary>
    public int PixelCount { readonly get; set; }

    /// <summary>Whether every tile with a selected pixel is computed whole, so that its pixels have the bits that they have when all is selected.</summary>
    public bool TakesAllTiles { readonly get; init; }

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
        return checked((Math.Min(pixels, batch * tiles) * (1 + size)) + (2 * pixels) + tiles + geometry.OutWidth + size);
    }

    /// <summary>Adds the pixels of the next sample.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="pixels">Its selected pixels, ascending.</param>
    /// <param name="firstRow">The row of the output that pixel 0 goes to, or, when rows are compact, the first of the selected pixels.</param>
    /// <param name="isCompact">Whether the output has rows for selected pixels only.</param>
    public void Add(int sample, ReadOnlySpan<int> pixels, int firstRow, bool isCompact)
    {
        Count(pixels);
        int least = TakesAllTiles ? 1 : Least(pixels.Length);
        if (least == int.MaxValue)
        {
            AddSingle(pixels, firstRow, isCompact);
            return;
        }

        TakeTiles(sample, least);
        int end = 0;
        for (int y = 0, i = 0; i < pixels.Length; y++)
        {
            int start = end;
            end += _geometry.OutWidth;
            int from = i;
            while (i < pixels.Length && pixels[i] < end)
            {
                i++;
            }

            if (i > from)
            {
                Place(y, pixels[from..i], start, isCompact ? firstRow + from : firstRow + pixels[from], isCompact);
            }
        }
    }

    private void AddSingle(ReadOnlySpan<int> pixels, int firstRow, bool isCompact)
    {
        pixels.CopyTo(_pixels[PixelCount..]);
        Span<int> rows = _pixelRows.Slice(PixelCount, pixels.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = firstRow + (isCompact ? i : pixels[i]);
        }

        PixelCount += pixels.Length;
    }

    // Gives the selected pixels of one row of the map their places.
    private void Place(int y, ReadOnlySpan<int> pixels, int start, int row, bool isCompact)
    {
        int shift = _shift;
        int mask = (1 << shift) - 1;
        Span<int> tileRows = _tileRows[((y & mask) << shift)..];
        ReadOnlySpan<int> slots = _slots.Slice((y >> shift) * _across, _across);
        Span<int> single = _pixels[PixelCount..];
        Span<int> singleRows = _pixelRows[PixelCount..];
        int count = 0;
        int firstPixel = pixels[0];
        for (int i = 0; i < pixels.Length; i++)
        {
            int x = pixels[i] - start;
            int slot = slots[x >> shift];
            int own = row + (isCompact ? i : pixels[i] - firstPixel);
            if (slot >= 0)
            {
                tileRows[(slot << (2 * shift)) + (x & mask)] = own;
            }
            else
            {
                single[count] = pixels[i];
                singleRows[count++] = own;
            }
        }

        PixelCount += count;
    }

    // Column by column of a row of tiles: neighbours that went to one counter would wait for each other.
    private readonly void Count(ReadOnlySpan<int> pixels)
    {
        int size = 1 << _shift;
        int width = _geometry.OutWidth;
        Span<int> columns = _columns;
        columns.Clear();
        for (int top = 0, tile = 0, i = 0; top < _geometry.OutHeight; top += size)
        {
            int start = top * width;
            for (int y = top; y < Math.Min(top + size, _geometry.OutHeight); y++, start += width)
            {
                for (; i < pixels.Length && pixels[i] - start is int x && x < width; i++)
                {
                    columns[x]++;
                }
            }

            for (int x = 0; x < columns.Length; x += size, tile++)
            {
                int count = 0;
                foreach (ref int column in columns.Slice(x, size))
                {
                    count += column;
                    column = 0;
                }

                _slots[tile] = count;
            }
        }
    }

    // The number of wanted pixels from which on a tile is computed whole. Both kinds of work read weights of their own and few pixels or tiles do not
    // repay that, so either all touched tiles are computed, or those with enough pixels, or none.
    private readonly int Least(int pixels)
    {
        int touched = 0;
        int full = 0;
        int covered = 0;
        int size = 1 << _shift;
        ReadOnlySpan<int> counts = _slots;
        for (int y = 0, tile = 0; y < _geometry.OutHeight; y += size)
        {
            int height = Math.Min(size, _geometry.OutHeight - y);
            for (int x = 0; x < _geometry.OutWidth; x += size, tile++)
            {
                int count = counts[tile];
                bool isFull = count >= Math.Min(_least, height * Math.Min(size, _geometry.OutWidth - x));
                touched += count > 0 ? 1 : 0;
                full += isFull ? 1 : 0;
                covered += isFull ? count : 0;
            }
        }

        double direct = ConvolutionCosts.Direct(in _geometry, pixels);
        double whole = ConvolutionCosts.Tiles(in _geometry, _form, touched);
        double mixed = covered == pixels
            ? whole
            : ConvolutionCosts.Tiles(in _geometry, _form, full) + ConvolutionCosts.Direct(in _geometry, pixels - covered);
        if (whole < direct && whole <= mixed * MixedFactor)
        {
            return 1;
        }

        return mixed * MixedFactor < direct ? _least : int.MaxValue;
    }

    // Turns each tile's count into its place among the tiles, or −1.
    private void TakeTiles(int sample, int least)
    {
        int size = 1 << _shift;
        int pixels = 1 << (2 * _shift);
        for (int y = 0, tile = 0; y < _geometry.OutHeight; y += size)
        {
            int height = Math.Min(size, _geometry.OutHeight - y);
            for (int x = 0; x < _geometry.OutWidth; x += size, tile++)
            {
                int count = _slots[tile];
                if (count == 0 || count < Math.Min(least, height * Math.Min(size, _geometry.OutWidth - x)))
                {
                    _slots[tile] = -1;
                    continue;
                }

                _slots[tile] = TileCount;
                _indices[TileCount] = (sample * _tiles) + tile;
                _tileRows.Slice(TileCount * pixels, pixels).Fill(-1);
                TileCount++;
            }
        }
    }
}
