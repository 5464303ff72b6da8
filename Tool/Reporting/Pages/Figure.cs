namespace ManagedDyn.Tool.Reporting.Pages;

/// <summary>A summary figure at the head of the page: the number, what it is, and a word beside it.</summary>
public sealed record Figure(string Value, string Name, string? Detail = null);
