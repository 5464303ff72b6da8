using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// Where the padded inputs of some rows of a convolution's output lie in planes: [channel][row within the stride][column within the stride][row][column].
/// A row has as many columns as the output and as many more as taps reach beyond. Strides are 1 or 2.
/// </summary>
internal readonly struct PlaneLayout
{
    // One pixel's channels are written a step apart: at an odd number of cache lines they do not fall into the same few sets of the nearest cache.
    private const int CacheLine = 16;

    private readonly int _planeLength;
    private readonly int _planeRows;
    private readonly int _strideHeight;
    private readonly int _strideWidth;
    private readonly int _dilationHeight;
    private readonly int _dilationWidth;

    /// <summary>Lays out the inputs of some rows.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="from">The first row of the output.</param>
    /// <param name="rows">How many, at least 1.</param>
    public PlaneLayout(in ConvolutionGeometry geometry, int from, int rows)
    {
        _strideHeight = geometry.StrideHeight;
        _strideWidth = geometry.StrideWidth;
        _dilationHeight = geometry.DilationHeight;
        _dilationWidth = geometry.DilationWidth;
        From = from;
        Rows = rows;
        RowLength = LengthOfRow(in geometry);
        _planeRows = RowsOfPlane(in geometry, rows);
        _planeLength = _planeRows * RowLength;
        PlaneStep = (int)Step(in geometry, rows);
        Length = geometry.InChannels * PlaneStep;
        Places = ((rows - 1) * RowLength) + geometry.OutWidth;
    }

    /// <summary>The first row of the output.</summary>
    public int From { get; }

    /// <summary>Rows of the output.</summary>
    public int Rows { get; }

    /// <summary>Places of a row: the output's columns, and behind them places without an output.</summary>
    public int RowLength { get; }

    /// <summary>Elements from one channel's planes to the next one's.</summary>
    public int PlaneStep { get; }

    /// <summary>Elements of all planes.</summary>
    public int Length { get; }

    /// <summary>From the first output to the last, with the places between rows.</summary>
    public int Places { get; }

    /// <summary>Places of a row, for all parts of a map.</summary>
    public static int LengthOfRow(in ConvolutionGeometry geometry) =>
        geometry.OutWidth + Reach(geometry.KernelWidth, geometry.DilationWidth, geometry.StrideWidth);

    /// <summary>Elements of the planes of so many rows of the output.</summary>
    public static long LengthOf(in ConvolutionGeometry geometry, int rows) => geometry.InChannels * Step(in geometry, rows);

    /// <summary>Elements from one channel's planes to the next one's, for so many rows of the output.</summary>
    public static long Step(in ConvolutionGeometry geometry, int rows)
    {
        long planes = geometry.StrideHeight * geometry.StrideWidth;
        long lines = ((planes * RowsOfPlane(in geometry, rows) * LengthOfRow(in geometry)) + CacheLine - 1) / CacheLine;
        return (lines | 1) * CacheLine;
    }

    /// <summary>Rows of a plane for so many rows of the output.</summary>
    public static int RowsOfPlane(in ConvolutionGeometry geometry, int rows) =>
        rows + Reach(geometry.KernelHeight, geometry.DilationHeight, geometry.StrideHeight);

    /// <summary>From an output's place in the first plane to the input that it takes by a tap, in the planes of the first channel.</summary>
    public int Distance(int tapRow, int tapColumn)
    {
        int y = tapRow * _dilationHeight;
        int x = tapColumn * _dilationWidth;
        return RowStart(y) + ColumnStart(x);
    }

    /// <summary>The part of an ascending list of output pixels that lies in these rows, and how many are before it.</summary>
    public ReadOnlySpan<int> Within(ReadOnlySpan<int> pixels, int outWidth, out int before)
    {
        before = Before(pixels, From * outWidth);
        return pixels[before..Before(pixels, (From + Rows) * outWidth)];
    }

    /// <summary>Moves the inputs there, with zeros around them.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="input">A map.</param>
    /// <param name="planes">At least <see cref="Length"/> elements.</param>
    public void Fill(in ConvolutionGeometry geometry, ReadOnlySpan<float> input, Span<float> planes)
    {
        planes = planes[..Length];
        planes.Clear();
        int channels = geometry.InChannels;
        int top = (From * _strideHeight) - geometry.PadTop;
        int endRow = Math.Min(geometry.InHeight, top + (_planeRows * _strideHeight));
        int endColumn = Math.Min(geometry.InWidth, (RowLength * _strideWidth) - geometry.PadLeft);
        ref float from = ref MemoryMarshal.GetReference(input[..geometry.InElements]);
        ref float to = ref MemoryMarshal.GetReference(planes);
        for (int y = Math.Max(0, top); y < endRow; y++)
        {
            ref float row = ref Unsafe.Add(ref from, (nint)y * geometry.InWidth * channels);
            for (int phase = 0; phase < _strideWidth; phase++)
            {
                // The first column of the input in this plane, and how many follow it two or one apart.
                int skipped = (phase + geometry.PadLeft) & (_strideWidth - 1);
                int count = (endColumn - skipped + _strideWidth - 1) >> (_strideWidth - 1);
                if (count > 0)
                {
                    Columns(
                        ref Unsafe.Add(ref row, (nint)skipped * channels), _strideWidth * channels, channels, count,
                        ref Unsafe.Add(ref to, RowStart(y - top) + ColumnStart(skipped + geometry.PadLeft)), PlaneStep);
                }
            }
        }
    }

    // Pixels of a row side by side in each channel's plane. The pixels are the map's, so their channels lie within it, and the padding leads them to places
    // within a row of the planes, which all channels have.
    private static void Columns(ref float source, nint step, int channels, int count, ref float target, nint planeStep)
    {
        int c = 0;
        for (; c <= channels - 4; c += 4)
        {
            ref float from = ref Unsafe.Add(ref source, c);
            ref float first = ref Unsafe.Add(ref target, c * planeStep);
            ref float second = ref Unsafe.Add(ref first, planeStep);
            ref float third = ref Unsafe.Add(ref second, planeStep);
            ref float fourth = ref Unsafe.Add(ref third, planeStep);
            for (nint x = 0; x < count; x++)
            {
                Unsafe.Add(ref first, x) = from;
                Unsafe.Add(ref second, x) = Unsafe.Add(ref from, 1);
                Unsafe.Add(ref third, x) = Unsafe.Add(ref from, 2);
                Unsafe.Add(ref fourth, x) = Unsafe.Add(ref from, 3);
                from = ref Unsafe.Add(ref from, step);
            }
        }

        for (; c < channels; c++)
        {
            ref float from = ref Unsafe.Add(ref source, c);
            ref float only = ref Unsafe.Add(ref target, c * planeStep);
            for (nint x = 0; x < count; x++)
            {
                Unsafe.Add(ref only, x) = from;
                from = ref Unsafe.Add(ref from, step);
            }
        }
    }

    private static int Reach(int kernel, int dilation, int stride) => (kernel - 1) * dilation / stride;

    private static int Before(ReadOnlySpan<int> ascending, int bound)
    {
        int at = ascending.BinarySearch(bound);
        return at < 0 ? ~at : at;
    }

    // Both are asked for each tap of each strip, and strides are 1 or 2: what would be divisions are shifts.
    private int RowStart(int y) => ((y & (_strideHeight - 1)) * _strideWidth * _planeLength) + ((y >> (_strideHeight - 1)) * RowLength);

    private int ColumnStart(int x) => ((x & (_strideWidth - 1)) * _planeLength) + (x >> (_strideWidth - 1));
}
