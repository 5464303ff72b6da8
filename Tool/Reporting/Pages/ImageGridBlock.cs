using System.Collections.Generic;

namespace ManagedDyn.Tool.Reporting.Pages;

/// <summary>Pictures in a grid.</summary>
public sealed record ImageGridBlock(string Title, IReadOnlyList<ImageTile> Tiles) : Block
{
    public string? Note { get; init; }

    /// <summary>Whether the pictures have details to be looked at.</summary>
    public bool IsLarge { get; init; }
}
