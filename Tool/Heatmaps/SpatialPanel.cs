using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tool.Heatmaps;

/// <summary>One drawing of a heatmap, with what stands below it.</summary>
/// <param name="Image">The drawing, three channels; all panels of a heatmap have one size.</param>
/// <param name="Title">What it is of.</param>
/// <param name="Detail">Its number.</param>
public sealed record SpatialPanel(PixelImage Image, string Title, string Detail)
{
    /// <summary>Whether its colours are those of the scale from nothing to all.</summary>
    public bool IsHeat { get; init; }

    /// <summary>Whether it tells computed pixels from others.</summary>
    public bool IsMask { get; init; }
}
