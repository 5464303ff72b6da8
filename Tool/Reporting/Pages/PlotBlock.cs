using ManagedDyn.Tool.Reporting.Plots;

namespace ManagedDyn.Tool.Reporting.Pages;

/// <summary>A plot on a card, its title above and a note below.</summary>
public sealed record PlotBlock(Plot Plot, string? Note = null) : Block;
