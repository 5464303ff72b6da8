namespace ManagedDyn.Layers.Data;

/// <summary>An affine map from a glyph's unit square to pixels.</summary>
/// <param name="Xx">Pixels to the right for each unit to the right.</param>
/// <param name="Xy">Pixels to the right for each unit down.</param>
/// <param name="Yx">Pixels down for each unit to the right.</param>
/// <param name="Yy">Pixels down for each unit down.</param>
/// <param name="CentreX">Where the middle of the square goes.</param>
/// <param name="CentreY">Where the middle of the square goes.</param>
internal readonly record struct GlyphPlacement(float Xx, float Xy, float Yx, float Yy, float CentreX, float CentreY)
{
    /// <summary>The map that scales, shears and turns.</summary>
    /// <param name="width">The width of the square in pixels.</param>
    /// <param name="height">The height of the square in pixels.</param>
    /// <param name="shear">Pixels to the right for each pixel up.</param>
    /// <param name="turn">The tangent of half the angle: sine and cosine follow from it by rational arithmetic.</param>
    /// <param name="centreX">Where the middle goes.</param>
    /// <param name="centreY">Where the middle goes.</param>
    internal static GlyphPlacement Make(float width, float height, float shear, float turn, float centreX, float centreY)
    {
        float scale = 1 / (1 + (turn * turn));
        float cosine = (1 - (turn * turn)) * scale;
        float sine = 2 * turn * scale;
        float slant = -shear * height;
        return new GlyphPlacement(cosine * width, (cosine * slant) - (sine * height), sine * width, (sine * slant) + (cosine * height), centreX, centreY);
    }

    /// <summary>The pixel column of a point.</summary>
    internal float X(float x, float y) => CentreX + (Xx * (x - 0.5f)) + (Xy * (y - 0.5f));

    /// <summary>The pixel row of a point.</summary>
    internal float Y(float x, float y) => CentreY + (Yx * (x - 0.5f)) + (Yy * (y - 0.5f));
}
