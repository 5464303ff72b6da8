using System;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Draws strokes as coverage, 0 to 1 a pixel. Only additions, multiplications, divisions and square roots are used, which IEEE 754 rounds in
/// one way, so that every processor draws the same values.
/// </summary>
internal static class GlyphCanvas
{
    private const int CurveSegments = 5;

    // The widest stroke has well under this many numbers.
    private const int MaximumPoints = 64;

    /// <summary>Draws the strokes of a glyph.</summary>
    /// <param name="coverage">[size, size]; kept where it is larger.</param>
    /// <param name="size">The height and width.</param>
    /// <param name="strokes">As <see cref="GlyphShapes.Of"/> gives them.</param>
    /// <param name="random">Displaces the points.</param>
    /// <param name="jitter">By how much at most, in units of the glyph.</param>
    /// <param name="place">From the unit square to pixels.</param>
    /// <param name="radius">Half the width of the pen, in pixels.</param>
    internal static void Draw(Span<float> coverage, int size, ReadOnlySpan<float> strokes, ref GlyphRandom random, float jitter, in GlyphPlacement place, float radius)
    {
        Span<float> points = stackalloc float[MaximumPoints];
        while (!strokes.IsEmpty)
        {
            int length = strokes.IndexOf(GlyphShapes.EndOfStroke);
            for (int i = 0; i < length; i += 2)
            {
                float x = strokes[i];
                float y = strokes[i + 1];
                if (x == GlyphShapes.Straight)
                {
                    // The middle between the neighbours, once they have their places.
                    points[i] = GlyphShapes.Straight;
                    continue;
                }

                x += random.Symmetric(jitter);
                y += random.Symmetric(jitter);
                points[i] = place.X(x, y);
                points[i + 1] = place.Y(x, y);
            }

            DrawChain(coverage, size, points[..length], strokes, radius);
            strokes = strokes[(length + 1)..];
        }
    }

    /// <summary>Draws a line with round ends.</summary>
    /// <param name="coverage">[size, size]; kept where it is larger.</param>
    /// <param name="size">The height and width.</param>
    /// <param name="x0">Where it starts.</param>
    /// <param name="y0">Where it starts.</param>
    /// <param name="x1">Where it ends.</param>
    /// <param name="y1">Where it ends.</param>
    /// <param name="radius">Half the width.</param>
    internal static void Line(Span<float> coverage, int size, float x0, float y0, float x1, float y1, float radius)
    {
        float reach = radius + 1;
        int left = Math.Clamp((int)(MathF.Min(x0, x1) - reach), 0, size);
        int right = Math.Clamp((int)(MathF.Max(x0, x1) + reach) + 1, 0, size);
        int top = Math.Clamp((int)(MathF.Min(y0, y1) - reach), 0, size);
        int bottom = Math.Clamp((int)(MathF.Max(y0, y1) + reach) + 1, 0, size);
        float dx = x1 - x0;
        float dy = y1 - y0;
        float inverse = 1 / ((dx * dx) + (dy * dy) + 1e-6f);
        for (int y = top; y < bottom; y++)
        {
            Span<float> row = coverage.Slice(y * size, size);
            for (int x = left; x < right; x++)
            {
                // The nearest point of the line from the centre of the pixel, then how far the pen's edge is beyond it.
                float px = x + 0.5f - x0;
                float py = y + 0.5f - y0;
                float along = Math.Clamp(((px * dx) + (py * dy)) * inverse, 0, 1);
                float ex = px - (along * dx);
                float ey = py - (along * dy);
                float inside = radius + 0.5f - MathF.Sqrt((ex * ex) + (ey * ey));
                if (inside > row[x])
                {
                    row[x] = MathF.Min(inside, 1);
                }
            }
        }
    }

    private static void DrawChain(Span<float> coverage, int size, ReadOnlySpan<float> points, ReadOnlySpan<float> shape, float radius)
    {
        for (int i = 0; i + 5 < points.Length; i += 4)
        {
            float x0 = points[i];
            float y0 = points[i + 1];
            float x1 = points[i + 4];
            float y1 = points[i + 5];
            if (shape[i + 2] == GlyphShapes.Straight)
            {
                Line(coverage, size, x0, y0, x1, y1, radius);
                continue;
            }

            float cx = points[i + 2];
            float cy = points[i + 3];
            float lastX = x0;
            float lastY = y0;
            for (int k = 1; k <= CurveSegments; k++)
            {
                float t = k / (float)CurveSegments;
                float s = 1 - t;
                float x = (s * s * x0) + (2 * s * t * cx) + (t * t * x1);
                float y = (s * s * y0) + (2 * s * t * cy) + (t * t * y1);
                Line(coverage, size, lastX, lastY, x, y, radius);
                lastX = x;
                lastY = y;
            }
        }
    }
}
