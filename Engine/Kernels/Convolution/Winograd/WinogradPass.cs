using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution.Winograd;

/// <summary>
/// One call of <see cref="WinogradConvolution"/>: block by block the tiles are transformed, multiplied point by point with a group of panels, and
/// transformed back. What a block holds between these steps stays in the second cache.
/// </summary>
/// <remarks>The caller has checked all lengths and lists; references go where tiles, points and channels of the geometry lie.</remarks>
internal ref struct WinogradPass<TTransform>
    where TTransform : struct, IWinogradTransform
{
    // Half a mebibyte: from maps that are larger, much comes from beyond the second cache, tile by tile, where the processor sees no row that goes on.
    private const int FarLength = 1 << 17;

    private readonly ConvolutionGeometry _geometry;
    private readonly WinogradGeometry _cut;
    private readonly ReadOnlySpan<float> _input;
    private readonly ReadOnlySpan<float> _packed;
    private readonly WinogradTiles _tiles;
    private readonly Span<float> _transformed;
    private readonly Span<float> _products;
    private readonly Span<float> _patch;
    private readonly Span<float> _lines;
    private readonly WinogradStore<TTransform> _store;
    private readonly WeightPick _pick;
    private readonly bool _asksInput;
    private readonly bool _asksOutput;
    private PanelSweep _sweep;

    public WinogradPass(
        in ConvolutionGeometry geometry, in WinogradGeometry cut, ReadOnlySpan<float> input, ReadOnlySpan<float> packed, Span<float> output,
        in WinogradTiles tiles, in Epilogue epilogue, Span<float> scratch, in WeightPick pick)
    {
        _pick = pick;
        _geometry = geometry;
        _cut = cut;
        _input = input;
        _packed = packed;
        _tiles = tiles;
        int positions = cut.Positions;
        _transformed = scratch[..(positions * cut.InputStep)];
        scratch = scratch[_transformed.Length..];
        _products = scratch[..(positions * cut.ProductStep)];
        scratch = scratch[_products.Length..];
        _patch = scratch[..(positions * cut.Channels)];
        scratch = scratch[_patch.Length..];
        _lines = scratch[..(2 * positions * Vector<float>.Count)];
        scratch = scratch[_lines.Length..];
        _sweep = new PanelSweep(1, pick.IsAll ? geometry.InChannels : pick.Channels, scratch);
        _sweep.Runs = pick.Runs;
        _sweep.RunDepth = geometry.InChannels;
        _sweep.WeightsLength = packed.Length;
        _asksInput = input.Length > FarLength;
        _asksOutput = output.Length > FarLength;
        _store = new WinogradStore<TTransform>(in geometry, in cut, output, in epilogue, _lines);
    }

    public void Run(int firstTile, int tileCount, int firstPanel, int panelCount)
    {
        int blocks = (tileCount + _cut.BlockTiles - 1) / _cut.BlockTiles;
        for (int block = 0; block < blocks; block++)
        {
            int start = firstTile + (int)((long)tileCount * block / blocks);
            int count = firstTile + (int)((long)tileCount * (block + 1) / blocks) - start;
            for (int i = 0; i < count; i++)
            {
                TransformInput(start + i, Math.Min(start + i + 1, firstTile + tileCount - 1), ref MemoryMarshal.GetReference(_transformed[(i * _cut.Channels)..]));
            }

            _sweep.Rows = count;
            _sweep.IsRepeat = block > 0;
            _sweep.SetInputRows(0, default, _cut.Channels);
            for (int panel = firstPanel; panel < firstPanel + panelCount; panel += _cut.GroupPanels)
            {
                int group = Math.Min(_cut.GroupPanels, firstPanel + panelCount - panel);
                Multiply(panel, group);
                StoreTiles(start, count, panel * Panel.Width, group * Panel.Width);
            }
        }
    }

    private readonly void StoreTiles(int start, int count, int firstChannel, int channelCount)
    {
        int pixels = TTransform.Outputs * TTransform.Outputs;
        Span<int> places = stackalloc int[2 * pixels];
        uint active = RowsOf(start, places);
        for (int i = 0; i < count; i++)
        {
            Span<int> rows = places.Slice(i % 2 * pixels, pixels);
            Span<int> nextRows = places.Slice((i + 1) % 2 * pixels, pixels);
            uint next = i + 1 < count ? RowsOf(start + i + 1, nextRows) : 0;
            _store.Store(_products[(i * channelCount)..], active, rows, firstChannel, channelCount, _asksOutput ? next : 0, nextRows);
            active = next;
        }
    }

    private void Multiply(int firstPanel, int count)
    {
        int length = _sweep.Channels * Panel.Width;
        int all = _pick.IsAll ? _cut.Panels : _pick.PanelCount;
        _sweep.SetOutputRows(0, default, count * Panel.Width);

        // A last panel of no more than a vector is multiplied as one: what is behind it is not stored.
        int columns = _geometry.OutChannels - (firstPanel * Panel.Width);
        int whole = columns <= ((count - 1) * Panel.Width) + Vector<float>.Count ? count - 1 : count;
        Epilogue none = default;
        for (int position = 0; position < _cut.Positions; position++)
        {
            _sweep.Input = ref MemoryMarshal.GetReference(_transformed[(position * _cut.InputStep)..]);
            _sweep.Extra = ref _sweep.Input;
            Span<float> products = _products.Slice(position * _cut.ProductStep, _cut.ProductStep);
            ReadOnlySpan<float> panels = _packed.Slice(position * all * length, all * length);
            for (int panel = 0; panel < whole;)
            {
                int taken = _pick.Together(firstPanel + panel, _sweep.PanelsAtOnce((whole - panel) * Panel.Width), out int distance);
                _sweep.PanelDistance = distance * length;
                PanelColumns together = new(panel * Panel.Width, taken * Panel.Width);
                _sweep.Multiply(panels[(_pick.PlaceOf(firstPanel + panel) * length)..], in together, products, in none);
                panel += taken;
            }

            if (whole < count)
            {
                PanelColumns last = new(whole * Panel.Width, Vector<float>.Count);
                _sweep.Multiply(panels[(_pick.PlaceOf(firstPanel + whole) * length)..], in last, products, in none);
            }
        }
    }

    // Where a tile's inputs start; outside the map at its borders.
    private readonly void Find(int place, out int sample, out int top, out int left)
    {
        int tile = _tiles.IsListed ? _tiles.Indices[place] : place;
        sample = tile / _cut.Tiles;
        tile -= sample * _cut.Tiles;
        top = (tile / _cut.TilesAcross * _cut.Outputs) - _geometry.PadTop;
        left = (tile % _cut.TilesAcross * _cut.Outputs) - _geometry.PadLeft;
    }

    private readonly void TransformInput(int place, int next, ref float target)
    {
        Find(place, out int sample, out int top, out int left);
        int points = TTransform.Points;
        int channels = _geometry.InChannels;
        ReadOnlySpan<float> map = _input.Slice(sample * _geometry.InElements, _geometry.InElements);
        bool isInside = top >= 0 && left >= 0 && top + points <= _geometry.InHeight && left + points <= _geometry.InWidth;

        // A last vector of channels that is not whole reaches into the next pixel, and after the last pixel there is none.
        if (isInside && channels != _cut.Channels)
        {
            isInside = (((((top + points - 1) * _geometry.InWidth) + left + points - 1) * channels) + _cut.Channels) <= map.Length;
        }

        if (isInside)
        {
            int start = ((top * _geometry.InWidth) + left) * channels;
            nint ahead = 0;
            if (_asksInput)
            {
                Find(next, out int nextSample, out int nextTop, out int nextLeft);
                ahead = ((nint)(nextSample - sample) * _geometry.InElements) + ((((nextTop - top) * _geometry.InWidth) + nextLeft - left) * channels);
            }

            Transform(ref MemoryMarshal.GetReference(map[start..]), (nint)_geometry.InWidth * channels, channels, ahead, ref target);
            return;
        }

        // With a padding wider than a tile some tiles lie in it whole.
        int firstX = Math.Clamp(-left, 0, points);
        int endX = Math.Clamp(_geometry.InWidth - left, firstX, points);
        for (int y = 0; y < points; y++)
        {
            Span<float> row = _patch.Slice(y * points * _cut.Channels, points * _cut.Channels);
            if ((uint)(top + y) >= (uint)_geometry.InHeight || firstX == endX)
            {
                row.Clear();
                continue;
            }

            row[..(firstX * _cut.Channels)].Clear();
            row[(endX * _cut.Channels)..].Clear();
            if (channels == _cut.Channels)
            {
                int first = (((top + y) * _geometry.InWidth) + left + firstX) * channels;
                map.Slice(first, (endX - firstX) * channels).CopyTo(row[(firstX * channels)..]);
                continue;
            }

            for (int x = firstX; x < endX; x++)
            {
                Span<float> pixel = row.Slice(x * _cut.Channels, _cut.Channels);
                map.Slice((((top + y) * _geometry.InWidth) + left + x) * channels, channels).CopyTo(pixel);
                pixel[channels..].Clear();
            }
        }

        Transform(ref MemoryMarshal.GetReference(_patch), (nint)points * _cut.Channels, _cut.Channels, 0, ref target);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void Transform(ref float source, nint rowStep, nint pixelStep, nint ahead, ref float target)
    {
        int points = TTransform.Points;
        int lanes = Vector<float>.Count;
        nint step = _cut.InputStep;
        int firstNew = ahead == _cut.Outputs * pixelStep ? points - _cut.Outputs : 0;
        ref float line = ref MemoryMarshal.GetReference(_lines);
        for (nint channel = 0; channel < _cut.Channels; channel += lanes)
        {
            ref float pixel = ref Unsafe.Add(ref source, channel);
            if (ahead != 0 && (channel & ((2 * lanes) - 1)) == 0)
            {
                // Of a tile beside this one, the first columns are this one's last.
                for (int y = 0; y < points; y++)
                {
                    for (int x = firstNew; x < points; x++)
                    {
                        Prefetch.Line(ref pixel, ahead + (y * rowStep) + (x * pixelStep));
                    }
                }
            }

            for (int x = 0; x < points; x++)
            {
                TTransform.Input(ref Unsafe.Add(ref pixel, x * pixelStep), rowStep, ref Unsafe.Add(ref line, x * lanes), points * lanes);
            }

            ref float point = ref Unsafe.Add(ref target, channel);
            for (int y = 0; y < points; y++)
            {
                TTransform.Input(ref Unsafe.Add(ref line, y * points * lanes), lanes, ref Unsafe.Add(ref point, y * points * step), step);
            }
        }
    }

    // Writes the output rows of a tile's pixels; returns a bit for each that is stored.
    private readonly uint RowsOf(int place, Span<int> rows)
    {
        int outputs = TTransform.Outputs;
        uint active = 0;
        if (_tiles.IsListed)
        {
            ReadOnlySpan<int> listed = _tiles.Rows.Slice(place * outputs * outputs, outputs * outputs);
            for (int i = 0; i < listed.Length; i += Vector128<int>.Count)
            {
                // The sign says that a pixel goes nowhere.
                active |= (~Vector128.Create(listed[i..]).ExtractMostSignificantBits() & 0xF) << i;
            }

            listed.CopyTo(rows);
            return active;
        }

        int sample = place / _cut.Tiles;
        int tile = place - (sample * _cut.Tiles);
        int y = tile / _cut.TilesAcross * outputs;
        int x = tile % _cut.TilesAcross * outputs;
        int height = Math.Min(outputs, _geometry.OutHeight - y);
        int width = Math.Min(outputs, _geometry.OutWidth - x);
        int first = (sample * _geometry.OutPixels) + (y * _geometry.OutWidth) + x;
        for (int down = 0; down < height; down++)
        {
            for (int across = 0; across < width; across++)
            {
                rows[(down * outputs) + across] = first + (down * _geometry.OutWidth) + across;
            }

            active |= ((1u << width) - 1) << (down * outputs);
        }

        return active;
    }
}
