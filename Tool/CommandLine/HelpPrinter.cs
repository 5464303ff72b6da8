using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Text;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.CommandLine;

/// <summary>Prints help: what it does, how to call it, the options in two columns, examples.</summary>
public static class HelpPrinter
{
    private const int LineWidth = 100;

    public static void PrintTool(Terminal terminal, Command root, IReadOnlyList<Verb> verbs)
    {
        ArgumentNullException.ThrowIfNull(terminal);
        ArgumentNullException.ThrowIfNull(root);
        ArgumentNullException.ThrowIfNull(verbs);
        terminal.WriteLine(root.Description ?? string.Empty);
        terminal.WriteLine();
        terminal.WriteLine("Usage: mdyn COMMAND [options]");
        List<(string, string)> rows = [];
        List<Example> examples = [];
        foreach (Verb verb in verbs)
        {
            rows.Add((verb.Command.Name, verb.Command.Description ?? string.Empty));
            if (verb.Examples.Count > 0 && examples.Count < 5)
            {
                examples.Add(verb.Examples[0]);
            }
        }

        PrintRows(terminal, "Commands:", rows);
        PrintRows(terminal, "Options:", OptionRows(root));
        PrintExamples(terminal, examples);
        terminal.WriteLine();
        terminal.WriteLine("'mdyn COMMAND --help' shows the options of a command. Exit codes: 0 ok, 1 failed, 2 wrong usage.");
    }

    public static void PrintVerb(Terminal terminal, Verb verb)
    {
        ArgumentNullException.ThrowIfNull(terminal);
        ArgumentNullException.ThrowIfNull(verb);
        Command command = verb.Command;
        terminal.WriteLine(command.Description ?? string.Empty);
        terminal.WriteLine();
        StringBuilder usage = new("Usage: mdyn " + command.Name);
        List<(string, string)> arguments = [];
        foreach (Argument argument in command.Arguments)
        {
            string name = argument.Name + (argument.Arity.MaximumNumberOfValues > 1 ? " ..." : string.Empty);
            usage.Append(' ').Append(argument.Arity.MinimumNumberOfValues == 0 ? $"[{name}]" : name);
            arguments.Add((argument.Name, argument.Description ?? string.Empty));
        }

        terminal.WriteLine(usage.Append(" [options]").ToString());
        PrintRows(terminal, "Arguments:", arguments);
        PrintRows(terminal, "Options:", OptionRows(command));
        PrintExamples(terminal, verb.Examples);
    }

    private static List<(string, string)> OptionRows(Command command)
    {
        List<(string, string)> rows = [];
        foreach (Option option in command.Options)
        {
            StringBuilder name = new(option.Name);
            foreach (string alias in option.Aliases)
            {
                name.Append(", ").Append(alias);
            }

            if (option.Arity.MaximumNumberOfValues > 0)
            {
                name.Append(' ').Append(option.HelpName);
            }

            rows.Add((name.ToString(), option.Description ?? string.Empty));
        }

        return rows;
    }

    private static void PrintExamples(Terminal terminal, IReadOnlyList<Example> examples)
    {
        if (examples.Count == 0)
        {
            return;
        }

        terminal.WriteLine();
        terminal.WriteLine("Examples:");
        foreach (Example example in examples)
        {
            terminal.WriteLine("  " + example.CommandLine);
            terminal.WriteLine("      " + example.Meaning);
        }
    }

    private static void PrintRows(Terminal terminal, string title, List<(string Name, string Text)> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        terminal.WriteLine();
        terminal.WriteLine(title);
        int column = 0;
        foreach ((string name, _) in rows)
        {
            column = Math.Max(column, Math.Min(name.Length, 30));
        }

        foreach ((string name, string text) in rows)
        {
            string lead = "  " + name.PadRight(column) + "  ";
            foreach (string line in Wrap(text, LineWidth - column - 4))
            {
                terminal.WriteLine(lead + line);
                lead = new string(' ', column + 4);
            }
        }
    }

    private static IEnumerable<string> Wrap(string text, int width)
    {
        while (text.Length > width)
        {
            int cut = text.LastIndexOf(' ', width);
            if (cut <= 0)
            {
                break;
            }

            yield return text[..cut];
            text = text[(cut + 1)..];
        }

        yield return text;
    }
}
