using System;
using System.IO;
using System.Text;

namespace ManagedDyn.Tool.Output;

/// <summary>Standard output for results, standard error for everything else, and what the two can show.</summary>
public sealed class Terminal : IDisposable
{
    private const int DefaultWidth = 100;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public Terminal(TextWriter output, TextWriter error, bool isErrorTerminal, bool isOutputTerminal)
    {
        Out = output;
        Error = error;
        IsErrorTerminal = isErrorTerminal;
        IsOutputTerminal = isOutputTerminal;
    }

    /// <summary>Results.</summary>
    public TextWriter Out { get; }

    /// <summary>Progress, warnings and errors.</summary>
    public TextWriter Error { get; }

    /// <summary>Whether a person watches standard error: progress is drawn only then.</summary>
    public bool IsErrorTerminal { get; }

    public bool IsOutputTerminal { get; }

    /// <summary>Characters in a line of the terminal.</summary>
    public int Width
    {
        get
        {
            try
            {
                return IsErrorTerminal && Console.WindowWidth is >= 20 and var width ? width : DefaultWidth;
            }
            catch (Exception e) when (e is IOException or PlatformNotSupportedException)
            {
                return DefaultWidth;
            }
        }
    }

    public static Terminal Open()
    {
        bool dumb = Environment.GetEnvironmentVariable("TERM") is null or "dumb" && !OperatingSystem.IsWindows();
        return new Terminal(
            Writer(Console.OpenStandardOutput, 1 << 14),
            Writer(Console.OpenStandardError, 1 << 10),
            !Console.IsErrorRedirected && !dumb,
            !Console.IsOutputRedirected && !dumb);
    }

    /// <summary>A result line: text from files in it must have been cleaned.</summary>
    public void WriteLine(string line = "") => Out.WriteLine(line);

    /// <summary>A line about what is going on, shown at once.</summary>
    public void Note(string line)
    {
        Error.WriteLine(SafeText.Clean(line));
        Error.Flush();
    }

    /// <summary>The one line that a failure gets.</summary>
    public void WriteError(string message) => Note("mdyn: " + message);

    public void Flush()
    {
        Out.Flush();
        Error.Flush();
    }

    public void Dispose()
    {
        Close(Out);
        Close(Error);
    }

    private static void Close(TextWriter writer)
    {
        try
        {
            writer.Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What could not be written was reported when it was flushed.
        }
    }

    private static TextWriter Writer(Func<Stream> open, int bufferSize)
    {
        try
        {
            return new StreamWriter(new TerminalStream(open()), Utf8, bufferSize) { NewLine = "\n" };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // The caller closed the stream: there is nobody to tell.
            return TextWriter.Null;
        }
    }
}
