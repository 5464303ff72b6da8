namespace ManagedDyn.Engine.Execution;

/// <summary>A box of an image that a layer looks at: a crop, a glimpse, a tile, or the whole image at some size. Places and extents are shares of the image's.</summary>
/// <param name="Top">Where it begins; below 0 beyond the border.</param>
/// <param name="Left">Where it begins; below 0 beyond the border.</param>
/// <param name="Height">Its height; 1 is the image's.</param>
/// <param name="Width">Its width; 1 is the image's.</param>
/// <param name="Rows">Rows that it is read as; 0: not told.</param>
/// <param name="Columns">Columns that it is read as; 0: not told.</param>
public readonly record struct ImageView(float Top, float Left, float Height, float Width, int Rows = 0, int Columns = 0)
{
    /// <summary>Numbers of a view in <see cref="DecisionRecord.Views"/>.</summary>
    public const int Values = 6;
}
