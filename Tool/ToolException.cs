using System;

namespace ManagedDyn.Tool;

/// <summary>An expected failure: one line that says what was found, where, what was expected and what to do.</summary>
public sealed class ToolException : Exception
{
    public ToolException(string message)
        : this(message, ExitCode.Failed)
    {
    }

    public ToolException(string message, ExitCode exitCode)
        : base(message)
    {
        ExitCode = exitCode;
    }

    public ToolException(string message, Exception innerException)
        : base(message, innerException)
    {
        ExitCode = ExitCode.Failed;
    }

    public ExitCode ExitCode { get; }

    public static ToolException Usage(string message) => new(message, ExitCode.WrongUsage);

    /// <summary>What a failure of the library says, as a part of a line: without its full stop and without the name of a parameter, which the user of a command has never seen.</summary>
    public static string Reason(Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        string message = failure.Message.ReplaceLineEndings(" ");
        int parameter = message.LastIndexOf(" (Parameter '", StringComparison.Ordinal);
        return (parameter < 0 ? message : message[..parameter]).TrimEnd('.');
    }
}
