using System;
using System.Collections.Generic;
using System.CommandLine;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Reporting.Pages;

namespace ManagedDyn.Tool.Verbs;

/// <summary>Checks this build on this machine.</summary>
public sealed class SelftestVerb : Verb
{
    private readonly Option<bool> _json = Options.Flag("--json", "Print the result as JSON.");

    public SelftestVerb()
        : base("selftest", "Check this build on this machine: processor features, kernels against references, laws of selections.")
        => Command.Options.Add(_json);

    public override IReadOnlyList<Example> Examples => [new("mdyn selftest", "say what the processor offers and run every check")];

    public override ExitCode Run(ParseResult arguments, ToolContext tool)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(tool);
        TextTable table = new("machine", string.Empty);
        foreach (Fact fact in MachineFacts.Collect())
        {
            table.Add(fact.Name, fact.Value);
        }

        table.Write(tool.Terminal);
        return ExitCode.Ok;
    }
}
