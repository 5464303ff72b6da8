namespace ManagedDyn.Tool.Reporting.Pages;

public sealed record TableColumn(string Title, bool IsNumber = true);
