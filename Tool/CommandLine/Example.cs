namespace ManagedDyn.Tool.CommandLine;

/// <summary>A command line and what it is for.</summary>
public sealed record Example(string CommandLine, string Meaning);
