using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ManagedDyn.Engine.Kernels.Convolution.Winograd;

/// <summary>
/// Cuts the selected pixels of a sample into tiles that are computed whole, because enough of their pixels are wanted, and pixels that the direct sum
/// serves sooner. Where a pixel goes depends on its own sample's selection alone.
/// </summary>
public ref struct WinogradSelection
{
    // For each set of four bits the rank of each bit among those set; −1 of bits that are not.
    private static ReadOnlySpan<byte> Ranks =>
    [
        255, 255, 255, 255, 0, 255, 255, 255, 255, 0, 255, 255, 0, 1, 255, 255,
        255, 255, 0, 255, 0, 255, 1, 255, 255, 0, 1, 255, 0, 1, 2, 255,
        255, 255, 255, 0, 0, 255, 255, 1, 255, 0, 255, 1, 0, 1, 255, 2,
        255, 255, 0, 1, 0, 255, 1, 2, 255, 0, 1, 2, 0, 1, 2, 3,
    ];

    // What two kinds of work cost more than their sums: blocks that are not full, twice.
    private const double MixedFactor = 1.1;

    private readonly ConvolutionGeometry _geometry;
    private readonly WinogradForm _form;
    private readonly int _shift;
    private readonly int _across;
    private readonly int _words;
    private readonly int _tiles;
    private readonly int _least;
    private readonly Span<int> _indices;
    private readonly Span<int> _tileRows;
    private readonly Span<int> _pixels;
    private readonly Span<int> _pixelRows;
    private readonly Span<int> _slots;
    private readonly Span<int> _marks;

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
        _words = Words(in geometry);
        _tiles = cut.Tiles;
        _least = ConvolutionCosts.LeastPixels(in geometry, form);
        int most = Math.Min(pixels, checked(batch * _tiles));
        _indices = memory[..most];
        _tileRows = memory.Slice(most, most << (2 * _shift));
        memory = memory[(_indices.Length + _tileRows.Length)..];
        _pixels = memory[..pixels];
        _pixelRows = memory.Slice(pixels, pixels);
        _slots = memory.Slice(2 * pixels, _tiles);
        _marks = memory.Slice((2 * pixels) + _tiles, cut.TilesDown * _words << _shift);
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
        return checked((Math.Min(pixels, batch * tiles) * (1 + size)) + (2 * pixels) + tiles + ((geometry.OutHeight + size) * Words(in geometry)));
    }

    /// <summary>Adds the pixels of the next sample.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="pixels">Its selected pixels, ascending.</param>
    /// <param name="firstRow">The row of the output that pixel 0 goes to, or, when rows are compact, the first of the selected pixels.</param>
    /// <param name="isCompact">Whether the output has rows for selected pixels only.</param>
    public void Add(int sample, ReadOnlySpan<int> pixels, int firstRow, bool isCompact)
    {
        Mark(pixels);
        Count();
        int least = TakesAllTiles ? 1 : Least(pixels.Length);
        if (least == int.MaxValue)
        {
            AddSingle(pixels, firstRow, isCompact);
            return;
        }

        TakeTiles(sample, least);
        for (int y = 0; y < _geometry.OutHeight && TileCount > 0; y++)
        {
            firstRow = _shift == 2 ? PlaceFour(y, firstRow, isCompact) : PlaceTwo(y, firstRow, isCompact);
        }
    }

    private static int Words(in ConvolutionGeometry geometry) => (geometry.OutWidth + 31) / 32;

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

    // Gives the selected pixels of one row of the map their places, a tile's four at once; returns the row of the output for what comes next.
    private int PlaceFour(int y, int row, bool isCompact)
    {
        ReadOnlySpan<int> slots = _slots.Slice((y >> 2) * _across, _across);
        ReadOnlySpan<int> marks = _marks.Slice(y * _words, _words);

        // A slot is that of a tile of the list, of which each has sixteen places; a set of bits is one of sixteen, of four ranks each.
        ref int tileRows = ref MemoryMarshal.GetReference(_tileRows[((y & 3) << 2)..(TileCount << 4)]);
        ref byte ranksOfSets = ref MemoryMarshal.GetReference(Ranks);
        for (int tile = 0; tile < slots.Length; tile++)
        {
            int x = tile << 2;
            int set = (marks[x >> 5] >> (x & 31)) & 15;
            int slot = slots[tile];
            if (slot >= 0)
            {
                // Of the pixels of four bits the rank of each that is set, −1 of the others; −1 stays what it is in a bitwise or.
                int four = Unsafe.ReadUnaligned<int>(ref Unsafe.Add(ref ranksOfSets, 4 * set));
                Vector128<int> ranks = Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(four).AsSByte()));
                Vector128<int> places = (isCompact ? ranks : Vector128<int>.Indices) + Vector128.Create(row);
                (places | Vector128.ShiftRightArithmetic(ranks, 31)).StoreUnsafe(ref tileRows, (nuint)(slot << 4));
            }
            else if (set != 0)
            {
                AddSingle(set, (y * _geometry.OutWidth) + x, row, isCompact);
            }

            row += isCompact ? BitOperations.PopCount((uint)set) : Math.Min(4, _geometry.OutWidth - x);
        }

        return row;
    }

    private int PlaceTwo(int y, int row, bool isCompact)
    {
        ReadOnlySpan<int> slots = _slots.Slice((y >> 1) * _across, _across);
        ReadOnlySpan<int> marks = _marks.Slice(y * _words, _words);
        Span<int> tileRows = _tileRows[((y & 1) << 1)..];
        for (int tile = 0; tile < slots.Length; tile++)
        {
            int x = tile << 1;
            int set = (marks[x >> 5] >> (x & 31)) & 3;
            int slot = slots[tile];
            int second = isCompact ? row + (set & 1) : row + 1;
            if (slot >= 0)
            {
                Span<int> own = tileRows.Slice(slot << 2, 2);
                own[0] = (set & 1) != 0 ? row : -1;
                own[1] = (set & 2) != 0 ? second : -1;
            }
            else if (set != 0)
            {
                AddSingle(set, (y * _geometry.OutWidth) + x, row, isCompact);
            }

            row = isCompact ? second + (set >> 1) : row + Math.Min(2, _geometry.OutWidth - x);
        }

        return row;
    }

    private void AddSingle(int set, int pixel, int row, bool isCompact)
    {
        for (; set != 0; set &= set - 1)
        {
            int x = BitOperations.TrailingZeroCount(set);
            _pixels[PixelCount] = pixel + x;
            _pixelRows[PixelCount++] = isCompact ? row++ : row + x;
        }
    }

    // The selected pixels as bits, 32 of a row of the map in each word. There is no branch on where a pixel lies: few pixels of a row lie at random.
    private readonly void Mark(ReadOnlySpan<int> pixels)
    {
        Span<int> marks = _marks;
        marks.Clear();
        int width = _geometry.OutWidth;
        int row = 0;
        int start = 0;
        int last = 0;
        int bits = 0;
        for (int i = 0; i < pixels.Length; i++)
        {
            int x = pixels[i] - start;
            if (x >= width)
            {
                int rows = x < 2 * width ? 1 : x / width;
                row += rows * _words;
                start += rows * width;
                x -= rows * width;
            }

            // All bits set while the word is that of the pixel before.
            int word = row + (x >> 5);
            int same = ((word ^ last) - 1) >> 31;
            bits = (bits & same) | (1 << x);
            marks[word] = bits;
            last = word;
        }
    }

    // The selected pixels of each tile.
    private readonly void Count()
    {
        if (_shift == 2)
        {
            CountFours();
            return;
        }

        ReadOnlySpan<int> marks = _marks;
        Span<int> slots = _slots;
        for (int top = 0, tile = 0; tile < slots.Length; top += 2 * _words)
        {
            for (int x = 0; x < _across << 1; x += 2, tile++)
            {
                int first = marks[top + (x >> 5)] >> (x & 31);
                int second = marks[top + _words + (x >> 5)] >> (x & 31);
                slots[tile] = BitOperations.PopCount((uint)((first & 3) | ((second & 3) << 2)));
            }
        }
    }

    // Eight tiles of a word at once: bits are counted in fours, two rows' counts fit four bits, and four rows' fit eight.
    private readonly void CountFours()
    {
        const uint Low = 0x0F0F0F0F;
        ReadOnlySpan<int> marks = _marks;
        Span<int> slots = _slots;
        for (int top = 0, tile = 0; tile < slots.Length; top += 4 * _words)
        {
            int end = tile + _across;
            for (int word = top; word < top + _words; word++)
            {
                uint upper = CountFour(marks[word]) + CountFour(marks[word + _words]);
                uint lower = CountFour(marks[word + (2 * _words)]) + CountFour(marks[word + (3 * _words)]);
                uint even = (upper & Low) + (lower & Low);
                uint odd = ((upper >> 4) & Low) + ((lower >> 4) & Low);
                for (int count = Math.Min(8, end - tile); count > 0; count -= 2, even >>= 8, odd >>= 8)
                {
                    slots[tile++] = (int)(even & 0xFF);
                    if (count > 1)
                    {
                        slots[tile++] = (int)(odd & 0xFF);
                    }
                }
            }
        }
    }

    private static uint CountFour(int bits)
    {
        uint pairs = (uint)bits - (((uint)bits >> 1) & 0x55555555);
        return (pairs & 0x33333333) + ((pairs >> 2) & 0x33333333);
    }

    // The number of wanted pixels from which on a tile is computed whole. Both kinds of work read weights of their own and few pixels or tiles do not
    // repay that, so either all touched tiles are computed, or those with enough pixels, or none.
    private readonly int Least(int pixels)
    {
        int touched = 0;
        int full = 0;
        int covered = 0;
        int size = 1 << _shift;
        int pixelsShift = 2 * _shift;
        ReadOnlySpan<int> counts = _slots;
        for (int y = 0, tile = 0; y < _geometry.OutHeight; y += size)
        {
            int height = Math.Min(size, _geometry.OutHeight - y);
            int enough = Math.Min(_least, height * size);
            for (int end = tile + _across; tile < end; tile++)
            {
                if (tile == end - 1)
                {
                    enough = Math.Min(enough, height * (_geometry.OutWidth - ((_across - 1) * size)));
                }

                // No branch on counts, which lie at random: all bits are set where there are enough, and any pixel at all rounds up to one tile.
                int count = counts[tile];
                int isFull = (enough - 1 - count) >> 31;
                touched += (count + (1 << pixelsShift) - 1) >> pixelsShift;
                full -= isFull;
                covered += count & isFull;
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

                // Rows of a last tile that lie below the map are written by nobody.
                _tileRows.Slice((TileCount * pixels) + (height * size), pixels - (height * size)).Fill(-1);
                TileCount++;
            }
        }
    }
}
