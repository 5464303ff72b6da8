namespace ManagedDyn.Tool.Reporting.Pages;

/// <summary>A paragraph.</summary>
public sealed record TextBlock(string Text) : Block;
