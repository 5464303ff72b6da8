using ManagedDyn.Tool.Imaging;
using ManagedDyn.Tool.Reporting.Plots;

namespace ManagedDyn.Tool.Reporting.Pages;

/// <summary>A picture with a caption and a coloured badge.</summary>
public sealed record ImageTile(PixelImage Image, string Caption)
{
    public string? Detail { get; init; }

    public string? Badge { get; init; }

    public SeriesColour BadgeColour { get; init; }

    /// <summary>Set apart: the answer was wrong.</summary>
    public bool IsWrong { get; init; }
}
