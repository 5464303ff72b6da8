using System.Collections.Generic;

namespace ManagedDyn.Tool.Reporting.Pages;

public sealed record Section(string Title, IReadOnlyList<Block> Blocks)
{
    public string? Lead { get; init; }
}
