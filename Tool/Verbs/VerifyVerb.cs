using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.IO;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats.Npy;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Files;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Verification;

namespace ManagedDyn.Tool.Verbs;

/// <summary>Compares a model's outputs with recorded ones.</summary>
public sealed class VerifyVerb : Verb
{
    private const double DefaultAbsolute = 1e-4;
    private const double DefaultRelative = 1e-3;
    private const int DefaultCount = 8;

    private readonly Argument<string[]> _data = new("DATA")
    {
        Description = "Recorded inputs and logits: an npz archive, or a folder in the layout of ONNX test data (test_data_set_0/input_0.pb, output_0.pb, …).",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string?> _model = Options.Text("--model", "FILE|NAME", "The model: a file, or the short name of one that comes with the tool.");
    private readonly Option<double?> _absolute = Options.Number("--atol", "A", "The absolute difference allowed; 0.0001 if not given.", 0, 1e9);
    private readonly Option<double?> _relative = Options.Number("--rtol", "R", "The difference allowed relative to the recorded value; 0.001 if not given.", 0, 1e9);
    private readonly Option<string?> _record = Options.Text("--record", "FILE", "Instead of comparing, record the logits of all exits for random inputs in an npz archive.");
    private readonly Option<long?> _count = Options.Whole("--count", "N", "With --record: how many inputs; 8 if not given.", 1, 65536);
    private readonly Option<bool> _json = Options.Flag("--json", "Print the result as JSON.");

    public VerifyVerb()
        : base("verify", "Compare a model's outputs with recorded inputs and outputs.")
    {
        Command.Arguments.Add(_data);
        foreach (Option option in (Option[])[_model, _absolute, _relative, _record, _count, _json])
        {
            Command.Options.Add(option);
        }
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("mdyn verify --model my.safetensors --record answers.npz", "record what the model says now"),
        new("mdyn verify --model my.safetensors answers.npz", "compare later, on another machine or with another build"),
    ];

    public override ExitCode Run(ParseResult arguments, ToolContext tool)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(tool);
        string[] paths = arguments.GetValue(_data) ?? [];
        string? record = arguments.GetValue(_record);
        if (record is null == (paths.Length == 0))
        {
            throw ToolException.Usage("give recorded data to compare with, or --record to record some, not both");
        }

        if (record is null)
        {
            Options.RefuseIdle(arguments, "without --record", _count);
        }
        else
        {
            Options.RefuseIdle(arguments, "with --record, which compares nothing", _absolute, _relative, _json);
            OutputFile.CheckDistinct([record], [ModelStore.Find(arguments.GetValue(_model))]);
            OutputFile.CheckWritable(record);
        }

        Model model = ModelStore.LoadClassifier(arguments.GetValue(_model));
        if (record is not null)
        {
            Record(model, record, (int)(arguments.GetValue(_count) ?? DefaultCount));
            tool.Terminal.Note($"recorded {model.ExitCount} exits in {record}");
            return ExitCode.Ok;
        }

        double absolute = arguments.GetValue(_absolute) ?? DefaultAbsolute;
        double relative = arguments.GetValue(_relative) ?? DefaultRelative;
        List<Outcome> outcomes = [];
        foreach (string path in paths)
        {
            foreach (RecordedCase recorded in RecordedCase.Load(path))
            {
                tool.Cancellation.ThrowIfCancellationRequested();
                Verify(model, recorded, absolute, relative, outcomes);
            }
        }

        bool passed = outcomes.TrueForAll(static outcome => outcome.Severity <= 1);
        if (arguments.GetValue(_json))
        {
            tool.Terminal.WriteLine(ToJson(outcomes, passed));
        }
        else
        {
            Print(tool.Terminal, outcomes, passed);
        }

        return passed ? ExitCode.Ok : ExitCode.Failed;
    }

    private static void Record(Model model, string path, int count)
    {
        Tensor input = Tensor.Zeros(model.Network.BatchShape(count));
        new RandomSource(1).Stream("verify").FillNormal(input.Span, 0, 0);
        NpzWriter writer = new();
        writer.Add("input", input);
        IReadOnlyList<Tensor> logits = ModelVerifier.Logits(model, input);
        for (int exit = 0; exit < logits.Count; exit++)
        {
            writer.Add(string.Create(CultureInfo.InvariantCulture, $"output_{exit}"), logits[exit]);
        }

        OutputFile.Write(path, stream => writer.Write(stream));
    }

    private static void Verify(Model model, RecordedCase recorded, double absolute, double relative, List<Outcome> outcomes)
    {
        Tensor input = ModelVerifier.Arrange(model, recorded.Input, recorded.Name);
        IReadOnlyList<Tensor> logits = ModelVerifier.Logits(model, input);
        for (int output = 0; output < recorded.Outputs.Count; output++)
        {
            int exit = ModelVerifier.ExitOf(model, recorded, output);
            (double difference, double severity) = ModelVerifier.Compare(logits[exit], recorded.Outputs[output], absolute, relative, recorded.Name);
            outcomes.Add(new Outcome(recorded.Name, exit + 1, input.Shape[0], difference, severity));
        }
    }

    private static void Print(Terminal terminal, List<Outcome> outcomes, bool passed)
    {
        TextTable table = new("data", ">exit", ">inputs", ">largest difference", "result");
        foreach (Outcome outcome in outcomes)
        {
            table.Add(
                Path.GetFileName(outcome.Name),
                outcome.Exit.ToString(CultureInfo.InvariantCulture),
                outcome.Inputs.ToString(CultureInfo.InvariantCulture),
                outcome.Difference.ToString("0.0e+0", CultureInfo.InvariantCulture),
                outcome.Severity <= 1 ? "ok" : "FAILED");
        }

        table.Write(terminal, string.Empty);
        terminal.WriteLine();
        terminal.WriteLine(passed ? "all outputs agree" : "outputs differ by more than is allowed");
    }

    private static string ToJson(List<Outcome> outcomes, bool passed)
    {
        using JsonDocumentWriter json = new();
        json.Object().Flag("passed", passed).Array("outputs");
        foreach (Outcome outcome in outcomes)
        {
            json.Object().Text("data", outcome.Name).Whole("exit", outcome.Exit).Whole("inputs", outcome.Inputs)
                .Number("largest_difference", outcome.Difference).Flag("passed", outcome.Severity <= 1).EndObject();
        }

        return json.EndArray().EndObject().ToString();
    }

    private sealed record Outcome(string Name, int Exit, int Inputs, double Difference, double Severity);
}
