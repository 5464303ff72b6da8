using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Verbs;

namespace ManagedDyn.Tool.CommandLine;

/// <summary>The tool from arguments to exit code: parses, finds the verb, turns every failure into one line.</summary>
public sealed class Application
{
    private const int ExitAfterSecondSignal = 130;
    private const string TraceVariable = "MDYN_TRACE";

    private readonly Terminal _terminal;
    private readonly Command _root = new("mdyn", "Trains, measures and runs neural networks that decide per input what to compute.");
    private readonly Option<bool> _help = new("--help", "-h") { Description = "Show this help.", Recursive = true, Arity = ArgumentArity.Zero };
    private readonly Option<bool> _version = new("--version") { Description = "Show the version.", Recursive = true, Arity = ArgumentArity.Zero };
    private readonly IReadOnlyList<Verb> _verbs;

    public Application(Terminal terminal, IReadOnlyList<Verb> verbs)
    {
        _terminal = terminal;
        _verbs = verbs;
        _root.Options.Add(_help);
        _root.Options.Add(_version);
        foreach (Verb verb in verbs)
        {
            _root.Subcommands.Add(verb.Command);
        }
    }

    /// <summary>The version as 'mdyn --version' prints it.</summary>
    public static string Version => typeof(Application).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>Runs the process: opens the terminal, parses, obeys Ctrl-C.</summary>
    public static int Start(string[] arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        using Terminal terminal = Terminal.Open();
        try
        {
            // Asked often by scripts: answered before the commands are built.
            if (arguments is ["--version"])
            {
                terminal.WriteLine("mdyn " + Version);
                terminal.Flush();
                return (int)ExitCode.Ok;
            }

            ExitCode exitCode = new Application(terminal, VerbCatalogue.Create()).Run(arguments);
            terminal.Flush();
            return (int)exitCode;
        }
        catch (TerminalException e)
        {
            // Standard output is closed or its disk is full; standard error may still be open.
            return Report(terminal, $"cannot write to standard output: {e.Message}");
        }
    }

    public ExitCode Run(IReadOnlyList<string> arguments)
    {
        ParseResult parsed = CommandLineParser.Parse(_root, arguments, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        Verb? verb = FindVerb(parsed.CommandResult.Command);
        if (parsed.GetValue(_help))
        {
            PrintHelp(verb);
            return ExitCode.Ok;
        }

        if (parsed.GetValue(_version))
        {
            _terminal.WriteLine("mdyn " + Version);
            return ExitCode.Ok;
        }

        if (verb is null && parsed.UnmatchedTokens.Count == 0)
        {
            PrintHelp(null);
            return ExitCode.WrongUsage;
        }

        if (parsed.UnmatchedTokens.Count > 0 || parsed.Errors.Count > 0)
        {
            _terminal.WriteError(UsageError(parsed, verb));
            return ExitCode.WrongUsage;
        }

        if (MistakenOption(parsed) is { } mistaken)
        {
            _terminal.WriteError(UnknownOption(mistaken, verb!));
            return ExitCode.WrongUsage;
        }

        return RunVerb(verb!, parsed);
    }

    /// <summary>An option that does not exist and was taken for one of many arguments; behind "--" everything is an argument.</summary>
    private static string? MistakenOption(ParseResult parsed)
    {
        foreach (Token token in parsed.Tokens)
        {
            if (token.Type == TokenType.DoubleDash)
            {
                return null;
            }
        }

        foreach (SymbolResult child in parsed.CommandResult.Children)
        {
            foreach (Token token in child is ArgumentResult argument ? argument.Tokens : [])
            {
                if (token.Value.Length > 1 && token.Value[0] == '-')
                {
                    return token.Value;
                }
            }
        }

        return null;
    }

    private string UnknownOption(string token, Verb verb)
    {
        List<string> known = [];
        AddNames(known, _root.Options);
        AddNames(known, verb.Command.Options);
        int equals = token.IndexOf('=', StringComparison.Ordinal);
        string hint = Suggestion.Nearest(equals > 0 ? token[..equals] : token, known) is { } nearest ? $"; did you mean '{nearest}'?" : string.Empty;
        return $"unknown option '{token}'{hint} ('mdyn {verb.Command.Name} --help' lists what there is; a file of such a name is given behind '--')";
    }

    private ExitCode RunVerb(Verb verb, ParseResult parsed)
    {
        using CancellationTokenSource source = new();
        void Stop(PosixSignalContext signal)
        {
            if (source.IsCancellationRequested)
            {
                Environment.Exit(ExitAfterSecondSignal);
            }

            // The first signal asks the work to end at the next safe point; the second one ends the process.
            signal.Cancel = true;
            source.Cancel();
        }

        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            return verb.Run(parsed, new ToolContext(_terminal, source.Token));
        }
        catch (ToolException e)
        {
            _terminal.WriteError(e.Message);
            return e.ExitCode;
        }
        catch (OperationCanceledException) when (source.IsCancellationRequested)
        {
            _terminal.WriteError("stopped");
            return ExitCode.Failed;
        }
        catch (Exception e) when (e is OutOfMemoryException or MemoryLimitException)
        {
            _terminal.WriteError($"not enough memory: {e.Message}");
            return ExitCode.Failed;
        }
        catch (Exception e) when (e is (IOException and not TerminalException) or UnauthorizedAccessException)
        {
            // A disk that became full, a folder that went away; the system's words name the file.
            _terminal.WriteError($"cannot go on: {ToolException.Reason(e)}");
            return ExitCode.Failed;
        }
        catch (Exception e) when (e is not TerminalException)
        {
            // A defect of the tool, still told in one line; who looks for it asks for the rest.
            bool isTraced = Environment.GetEnvironmentVariable(TraceVariable) is { Length: > 0 };
            _terminal.WriteError($"internal error, {e.GetType().Name}: {e.Message}" + (isTraced ? string.Empty : $" ({TraceVariable}=1 shows where)"));
            if (isTraced)
            {
                _terminal.Error.WriteLine(e);
            }

            return ExitCode.Failed;
        }
    }

    private string UsageError(ParseResult parsed, Verb? verb)
    {
        string help = verb is null ? "'mdyn --help' lists the commands" : $"'mdyn {verb.Command.Name} --help' lists what there is";
        if (parsed.UnmatchedTokens.Count == 0)
        {
            ParseError error = parsed.Errors[0];
            string message = error.SymbolResult switch
            {
                OptionResult { Tokens.Count: 0 } option => $"{option.Option.Name} has no value; expected {option.Option.HelpName ?? "one"}",
                ArgumentResult { Tokens.Count: 0 } argument => $"{argument.Argument.Name} is missing",
                _ => error.Message.TrimEnd('.'),
            };
            return $"{message} ({help})";
        }

        string token = parsed.UnmatchedTokens[0];
        List<string> known = [];
        string kind;
        if (token.StartsWith('-'))
        {
            kind = "unknown option";
            AddNames(known, _root.Options);
            AddNames(known, verb?.Command.Options ?? []);
        }
        else if (verb is null)
        {
            kind = "unknown command";
            foreach (Verb candidate in _verbs)
            {
                known.Add(candidate.Command.Name);
            }
        }
        else
        {
            kind = "unexpected argument";
        }

        int equals = token.IndexOf('=', StringComparison.Ordinal);
        string hint = Suggestion.Nearest(equals > 0 ? token[..equals] : token, known) is { } nearest ? $"; did you mean '{nearest}'?" : string.Empty;
        return $"{kind} '{token}'{hint} ({help})";
    }

    private static void AddNames(List<string> names, IList<Option> options)
    {
        foreach (Option option in options)
        {
            names.Add(option.Name);
        }
    }

    private Verb? FindVerb(Command command)
    {
        foreach (Verb verb in _verbs)
        {
            if (ReferenceEquals(verb.Command, command))
            {
                return verb;
            }
        }

        return null;
    }

    private void PrintHelp(Verb? verb)
    {
        if (verb is null)
        {
            HelpPrinter.PrintTool(_terminal, _root, _verbs);
        }
        else
        {
            HelpPrinter.PrintVerb(_terminal, verb);
        }
    }

    private static int Report(Terminal terminal, string message)
    {
        try
        {
            terminal.WriteError(message);
        }
        catch (TerminalException)
        {
            // Nobody is left to tell; the exit code says it.
        }

        return (int)ExitCode.Failed;
    }
}
