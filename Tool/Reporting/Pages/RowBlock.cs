using System.Collections.Generic;

namespace ManagedDyn.Tool.Reporting.Pages;

/// <summary>Blocks side by side where the page is wide enough.</summary>
public sealed record RowBlock(IReadOnlyList<Block> Blocks) : Block;
