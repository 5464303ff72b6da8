using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Verbs;

/// <summary>The options that say what an answer may cost.</summary>
public sealed class BudgetOptions
{
    private readonly Option<double?> _macs = Options.Scaled("--budget", "MACS", "The most multiply-adds for one input, such as 12M; of sequences, counted for one of full length.");
    private readonly Option<double?> _deadline = Options.Number("--deadline", "MS", "The time for one input in milliseconds: the best answer that is ready then.", 1e-3, 1e9);
    private readonly Option<double?> _confidence = Options.Number("--confidence", "C", "Leave at the first exit that is at least this sure.", 0, 1e9);
    private readonly Option<string?> _point = Options.Text("--point", "NAME", "Leave by the thresholds of one of the model's operating points ('mdyn info' lists them).");
    private readonly Option<bool> _full = Options.Flag("--full", "Run the whole network for every input.");

    /// <summary>Each of the options.</summary>
    public IReadOnlyList<Option> All => [_macs, _deadline, _confidence, _point, _full];

    public void AddTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        foreach (Option option in All)
        {
            command.Options.Add(option);
        }
    }

    public bool HasDeadline(ParseResult arguments) => arguments.GetValue(_deadline) is not null;

    /// <summary>The budget, and how it reads.</summary>
    public (Budget Budget, string Text) Read(ParseResult arguments, Model model)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(model);
        (Budget budget, string text) = ReadRule(arguments, model);
        if (arguments.GetValue(_macs) is { } macs)
        {
            if (macs < model.ExitMacs(0))
            {
                throw ToolException.Usage(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"--budget {Quantity.Scaled(macs)} is less than the first exit takes; give at least {model.ExitMacs(0)} MACs"));
            }

            budget = budget.WithMacs((long)Math.Min(macs, long.MaxValue / 2));
            text += $", at most {Quantity.Scaled(macs)} MACs";
        }

        if (arguments.GetValue(_deadline) is { } milliseconds)
        {
            budget = budget.WithDeadline(TimeSpan.FromMilliseconds(milliseconds));
            text += $", at most {Quantity.Milliseconds(milliseconds)}";
        }

        // What a network with one exit costs it decides by itself.
        bool isCapped = arguments.GetValue(_macs) is not null || arguments.GetValue(_deadline) is not null;
        string note = isCapped ? " (the network has one exit and cannot answer sooner)"
            : arguments.GetValue(_full) && model.Answers == AnswerKind.Label ? " (the network has one exit; what its layers leave out they decide by themselves)"
            : string.Empty;
        return (budget, model.ExitCount == 1 ? text + note : text);
    }

    private (Budget Budget, string Text) ReadRule(ParseResult arguments, Model model)
    {
        double? confidence = arguments.GetValue(_confidence);
        string? point = arguments.GetValue(_point);
        bool full = arguments.GetValue(_full);
        if ((confidence is null ? 0 : 1) + (point is null ? 0 : 1) + (full ? 1 : 0) > 1)
        {
            throw ToolException.Usage("--confidence, --point and --full exclude each other; give one of them");
        }

        if (confidence is { } threshold)
        {
            return (Budget.Confidence((float)threshold), "confidence ≥ " + threshold.ToString("G4", CultureInfo.InvariantCulture));
        }

        if (point is not null)
        {
            try
            {
                return (Budget.AtPoint(model.FindPoint(point).Name), "operating point " + point);
            }
            catch (ArgumentException e)
            {
                throw new ToolException($"--point: {ToolException.Reason(e)}", ExitCode.WrongUsage);
            }
        }

        // A cap on cost alone means: as far as it goes. Without any wish the model's own thresholds are taken.
        bool capped = arguments.GetValue(_macs) is not null || arguments.GetValue(_deadline) is not null;
        return full || capped || model.Points.Length == 0
            ? (Budget.Full, "whole network")
            : (Budget.Calibrated(), "operating point " + model.Points[0].Name);
    }
}
