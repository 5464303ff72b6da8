using System;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// The ten digits as strokes in a unit square, x to the right and y down. A stroke is a chain of quadratic curves: a start point, then for each
/// curve its control point and its end point; a control point of <see cref="Straight"/> stands for a straight line.
/// </summary>
internal static class GlyphShapes
{
    /// <summary>The number of glyphs.</summary>
    internal const int Count = 10;

    /// <summary>In place of both coordinates of a control point: the curve is a straight line.</summary>
    internal const float Straight = -1;

    /// <summary>Separates strokes.</summary>
    internal const float EndOfStroke = -2;

    /// <summary>The names of the classes.</summary>
    internal static string[] Names() => ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

    /// <summary>The strokes of a glyph, each followed by <see cref="EndOfStroke"/>.</summary>
    internal static ReadOnlySpan<float> Of(int glyph) => glyph switch
    {
        0 => [0.50f, 0.05f, 0.84f, 0.05f, 0.83f, 0.50f, 0.84f, 0.95f, 0.50f, 0.95f, 0.16f, 0.95f, 0.17f, 0.50f, 0.16f, 0.05f, 0.50f, 0.05f, EndOfStroke],
        1 => [0.30f, 0.26f, Straight, Straight, 0.55f, 0.05f, Straight, Straight, 0.55f, 0.95f, EndOfStroke],
        2 => [0.20f, 0.26f, 0.22f, 0.05f, 0.50f, 0.05f, 0.84f, 0.05f, 0.79f, 0.36f, 0.73f, 0.58f, 0.18f, 0.94f, Straight, Straight, 0.85f, 0.94f, EndOfStroke],
        3 => [0.22f, 0.11f, 0.80f, -0.05f, 0.75f, 0.27f, 0.71f, 0.46f, 0.42f, 0.47f, 0.86f, 0.49f, 0.82f, 0.73f, 0.74f, 1.04f, 0.18f, 0.88f, EndOfStroke],
        4 => [0.64f, 0.95f, Straight, Straight, 0.64f, 0.05f, Straight, Straight, 0.15f, 0.68f, Straight, Straight, 0.88f, 0.68f, EndOfStroke],
        5 => [0.80f, 0.06f, Straight, Straight, 0.28f, 0.06f, Straight, Straight, 0.24f, 0.45f, 0.82f, 0.32f, 0.80f, 0.67f, 0.77f, 1.03f, 0.18f, 0.90f, EndOfStroke],
        6 => [0.72f, 0.07f, 0.20f, 0.22f, 0.20f, 0.68f, 0.22f, 0.95f, 0.50f, 0.95f, 0.82f, 0.94f, 0.80f, 0.68f, 0.77f, 0.45f, 0.50f, 0.45f, 0.25f, 0.46f, 0.20f, 0.68f, EndOfStroke],
        7 => [0.15f, 0.07f, Straight, Straight, 0.84f, 0.07f, 0.52f, 0.48f, 0.40f, 0.95f, EndOfStroke],
        8 => [0.50f, 0.48f, 0.20f, 0.42f, 0.22f, 0.25f, 0.25f, 0.05f, 0.50f, 0.05f, 0.77f, 0.05f, 0.78f, 0.25f, 0.78f, 0.42f, 0.50f, 0.48f, 0.15f, 0.55f, 0.16f, 0.75f, 0.20f, 0.96f, 0.50f, 0.96f, 0.82f, 0.96f, 0.84f, 0.75f, 0.85f, 0.55f, 0.50f, 0.48f, EndOfStroke],
        9 => [0.80f, 0.32f, 0.78f, 0.55f, 0.50f, 0.55f, 0.20f, 0.55f, 0.20f, 0.30f, 0.22f, 0.05f, 0.50f, 0.05f, 0.80f, 0.05f, 0.80f, 0.32f, 0.79f, 0.70f, 0.60f, 0.95f, EndOfStroke],
        _ => throw new ArgumentOutOfRangeException(nameof(glyph), glyph, $"There is no glyph {glyph}; expected 0 to {Count - 1}."),
    };
}
