using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Diagnostics;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Imaging;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Reporting.Pages;
using ManagedDyn.Tool.Selftest;

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
        List<Outcome> outcomes = [];
        foreach (SelfCheck check in (IEnumerable<SelfCheck>)[.. KernelChecks.All, .. NetworkChecks.All, new SelfCheck("pictures", "PNG written and read back is the same", Pictures)])
        {
            tool.Cancellation.ThrowIfCancellationRequested();
            outcomes.Add(RunCheck(check));
        }

        int failed = outcomes.FindAll(static outcome => !outcome.Passed).Count;
        if (arguments.GetValue(_json))
        {
            tool.Terminal.WriteLine(ToJson(outcomes, failed));
        }
        else
        {
            Print(tool.Terminal, outcomes, failed);
        }

        return failed == 0 ? ExitCode.Ok : ExitCode.Failed;
    }

    private static Outcome RunCheck(SelfCheck check)
    {
        long started = Stopwatch.GetTimestamp();
        try
        {
            string detail = check.Body();
            return new Outcome(check, true, detail, Stopwatch.GetElapsedTime(started));
        }
        catch (Exception e)
        {
            // Whatever a check throws is what it found.
            return new Outcome(check, false, e is SelfCheckException ? e.Message : $"{e.GetType().Name}: {e.Message}", Stopwatch.GetElapsedTime(started));
        }
    }

    private static string Pictures()
    {
        PixelImage image = new(37, 23, 3);
        for (int i = 0; i < image.Pixels.Length; i++)
        {
            image.Pixels[i] = (byte)((i * 7) ^ (i >> 3));
        }

        byte[] file = PngWriter.Encode(image);
        SelfCheckException.Require(ImageReader.Decode(file).Pixels.AsSpan().SequenceEqual(image.Pixels), "pixels differ");
        return $"{file.Length} bytes";
    }

    private static void Print(Terminal terminal, List<Outcome> outcomes, int failed)
    {
        TextTable machine = new("machine", string.Empty);
        foreach (Fact fact in MachineFacts.Collect())
        {
            machine.Add(fact.Name, fact.Value);
        }

        machine.Write(terminal);
        terminal.WriteLine();
        TextTable table = new("check", "result", ">time", "claim");
        foreach (Outcome outcome in outcomes)
        {
            table.Add(
                outcome.Check.Name,
                (outcome.Passed ? "ok, " : "FAILED, ") + outcome.Detail,
                Quantity.Milliseconds(outcome.Time.TotalMilliseconds),
                outcome.Check.Claim);
        }

        table.Write(terminal);
        terminal.WriteLine();
        terminal.WriteLine(failed == 0 ? $"{outcomes.Count} checks passed" : $"{failed} of {outcomes.Count} checks failed");
    }

    private static string ToJson(List<Outcome> outcomes, int failed)
    {
        using JsonDocumentWriter json = new();
        json.Object().Text("version", Application.Version).Flag("passed", failed == 0).Object("machine");
        foreach (Fact fact in MachineFacts.Collect())
        {
            json.Text(fact.Name, fact.Value);
        }

        json.EndObject().Array("checks");
        foreach (Outcome outcome in outcomes)
        {
            json.Object().Text("name", outcome.Check.Name).Flag("passed", outcome.Passed).Text("detail", outcome.Detail)
                .Number("milliseconds", outcome.Time.TotalMilliseconds).EndObject();
        }

        return json.EndArray().EndObject().ToString();
    }

    private sealed record Outcome(SelfCheck Check, bool Passed, string Detail, TimeSpan Time);
}
