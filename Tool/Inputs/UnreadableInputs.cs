using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Inputs;

/// <summary>Tells of the inputs that cannot be read, each in a line, while the others are answered.</summary>
public sealed class UnreadableInputs(Terminal terminal)
{
    /// <summary>Whether there was one.</summary>
    public bool Any { get; private set; }

    /// <summary>What a command that answered all others ends with.</summary>
    public ExitCode ExitCode => Any ? ExitCode.Failed : ExitCode.Ok;

    public void Tell(ToolException failure)
    {
        System.ArgumentNullException.ThrowIfNull(failure);
        terminal.WriteError(failure.Message);
        Any = true;
    }
}
