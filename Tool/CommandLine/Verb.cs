using System.Collections.Generic;
using System.CommandLine;

namespace ManagedDyn.Tool.CommandLine;

/// <summary>One command of the tool: its options, its examples and what it does.</summary>
public abstract class Verb
{
    protected Verb(string name, string summary)
    {
        Command = new Command(name, summary) { TreatUnmatchedTokensAsErrors = true };
    }

    public Command Command { get; }

    /// <summary>Command lines that work, with a word about each, shown by --help.</summary>
    public abstract IReadOnlyList<Example> Examples { get; }

    public abstract ExitCode Run(ParseResult arguments, ToolContext tool);
}
