using System;

namespace ManagedDyn.Engine.Kernels.Sampling;

/// <summary>
/// Along one direction, which pixels a coordinate of a sampling grid reads, with which weights, and how these change with the coordinate: one pixel
/// for nearest, two for linear, four for cubic. Coordinates run from −1 to 1 over the map.
/// </summary>
/// <remarks>
/// As PyTorch's grid_sample: nearest rounds halves to even; linear and nearest clamp or mirror the place, cubic (Keys, a = −0.75) the pixels that it reads;
/// where a place is clamped its slope is 0. A coordinate that is not a number, or is larger than any map, reads nothing: with zero padding
/// the result is 0.
/// </remarks>
internal readonly struct GridTaps
{
    // The coefficient of Keys' kernel that PyTorch and OpenCV use.
    private const float Cubic = -0.75f;

    // Beyond it neighbouring floats are pixels apart, and a place has no meaning.
    private const float Farthest = 1 << 24;

    private readonly ResizeMode _mode;
    private readonly GridPadding _padding;
    private readonly bool _alignCorners;
    private readonly int _extent;

    public GridTaps(ResizeMode mode, GridPadding padding, bool alignCorners, int extent)
    {
        _mode = mode;
        _padding = padding;
        _alignCorners = alignCorners;
        _extent = extent;
        Count = ResizeAxis.Taps(mode);
    }

    /// <summary>Pixels that are read.</summary>
    public int Count { get; }

    /// <summary>The place that a coordinate stands for, not of cubic; not a number where it has no meaning.</summary>
    /// <param name="coordinate">The coordinate.</param>
    public float Place(float coordinate)
    {
        float place = _alignCorners ? (coordinate + 1) * ((_extent - 1) / 2f) : (((coordinate + 1) * _extent) - 1) / 2f;
        float slope = 0;
        place = _padding == GridPadding.Zeros ? place : Inside(place, ref slope);
        return MathF.Abs(place) <= Farthest ? place : float.NaN;
    }

    /// <summary>Finds the pixels.</summary>
    /// <param name="coordinate">The coordinate.</param>
    /// <param name="pixels">Count pixels; −1 for one outside the map that reads zero.</param>
    /// <param name="weights">Their weights.</param>
    /// <param name="slopes">The derivatives of the weights by the coordinate.</param>
    public void Find(float coordinate, Span<int> pixels, Span<float> weights, Span<float> slopes)
    {
        float scale = (_alignCorners ? _extent - 1 : _extent) / 2f;
        float place = _alignCorners ? (coordinate + 1) * scale : (((coordinate + 1) * _extent) - 1) / 2f;
        slopes.Clear();
        if (_mode != ResizeMode.Bicubic && _padding != GridPadding.Zeros)
        {
            place = Inside(place, ref scale);
        }

        // Also true for what is not a number.
        if (!(MathF.Abs(place) <= Farthest))
        {
            pixels.Fill(-1);
            weights.Clear();
            return;
        }

        switch (_mode)
        {
            case ResizeMode.Nearest:
                pixels[0] = OrNone((int)MathF.Round(place, MidpointRounding.ToEven));
                weights[0] = 1;
                break;
            case ResizeMode.Bilinear:
                int first = (int)MathF.Floor(place);
                float t = place - first;
                pixels[0] = OrNone(first);
                pixels[1] = OrNone(first + 1);
                weights[0] = 1 - t;
                weights[1] = t;
                slopes[0] = -scale;
                slopes[1] = scale;
                break;
            default:
                FindCubic(place, scale, pixels, weights, slopes);
                break;
        }
    }

    private void FindCubic(float place, float scale, Span<int> pixels, Span<float> weights, Span<float> slopes)
    {
        int first = (int)MathF.Floor(place);
        float t = place - first;
        weights[0] = Outer(t + 1);
        weights[1] = Inner(t);
        weights[2] = Inner(1 - t);
        weights[3] = Outer(2 - t);
        slopes[0] = scale * OuterSlope(t + 1);
        slopes[1] = scale * InnerSlope(t);
        slopes[2] = -scale * InnerSlope(1 - t);
        slopes[3] = -scale * OuterSlope(2 - t);
        for (int i = 0; i < 4; i++)
        {
            float none = 0;
            int pixel = first - 1 + i;
            pixels[i] = OrNone(_padding == GridPadding.Zeros ? pixel : (int)Inside(pixel, ref none));
        }
    }

    private int OrNone(int pixel) => (uint)pixel < (uint)_extent ? pixel : -1;

    // The place clamped or mirrored into the map; the slope gets the sign of that, or 0.
    private float Inside(float place, ref float slope)
    {
        if (_padding == GridPadding.Reflection)
        {
            place = _alignCorners ? Mirror(place, 0, _extent - 1, ref slope) : Mirror(place, -0.5f, _extent, ref slope);
        }

        // PyTorch takes the slope from places strictly inside: at the border itself it is 0.
        if (place <= 0)
        {
            slope = 0;
            return 0;
        }

        if (place >= _extent - 1)
        {
            slope = 0;
            return _extent - 1;
        }

        return place;
    }

    private static float Mirror(float place, float low, float span, ref float slope)
    {
        if (span <= 0)
        {
            slope = 0;
            return 0;
        }

        float from = place - low;
        if (from < 0)
        {
            slope = -slope;
            from = -from;
        }

        float extra = from % span;
        bool isEven = MathF.Floor(from / span) % 2 == 0;
        slope = isEven ? slope : -slope;
        return low + (isEven ? extra : span - extra);
    }

    private static float Inner(float x) => ((((Cubic + 2) * x) - (Cubic + 3)) * x * x) + 1;

    private static float InnerSlope(float x) => ((3 * (Cubic + 2) * x) - (2 * (Cubic + 3))) * x;

    private static float Outer(float x) => (((((x - 5) * x) + 8) * x) - 4) * Cubic;

    private static float OuterSlope(float x) => ((((3 * x) - 10) * x) + 8) * Cubic;
}
