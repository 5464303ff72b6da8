namespace ManagedDyn.Tool.Reporting.Pages;

/// <summary>A piece of a page.</summary>
public abstract record Block;
