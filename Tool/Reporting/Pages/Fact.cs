namespace ManagedDyn.Tool.Reporting.Pages;

public sealed record Fact(string Name, string Value);
