using System;
using System.IO;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Tool.Files;

/// <summary>
/// Writes files that a user named: beside the destination, flushed, then renamed into place, with one-line errors. A failure or a
/// kill leaves what was there before.
/// </summary>
public static class OutputFile
{
    private const string TrialSuffix = ".trial";

    /// <summary>Fails now if the file could not be written later, when much work would be lost.</summary>
    public static void CheckWritable(string? path)
    {
        if (path is null)
        {
            return;
        }

        string trial = path + TrialSuffix;
        Write(trial, path, static _ => { });
        File.Delete(trial);
        if (Directory.Exists(path))
        {
            throw new ToolException($"cannot write '{path}': it is a folder; expected the name of a file");
        }
    }

    /// <summary>Fails if two of the files to be written are one, or one of them is a file that is read.</summary>
    public static void CheckDistinct(ReadOnlySpan<string?> outputs, ReadOnlySpan<string?> inputs)
    {
        for (int i = 0; i < outputs.Length; i++)
        {
            if (outputs[i] is not { } output)
            {
                continue;
            }

            foreach (string? other in outputs[(i + 1)..])
            {
                if (other is not null && Path.GetFullPath(other) == Path.GetFullPath(output))
                {
                    throw ToolException.Usage($"'{output}' is named for two outputs; give each its own file");
                }
            }

            foreach (string? input in inputs)
            {
                if (input is not null && Path.GetFullPath(input) == Path.GetFullPath(output))
                {
                    throw ToolException.Usage($"'{output}' is both read and to be written; give the output another name");
                }
            }
        }
    }

    public static void Write(string path, Action<Stream> write) => Write(path, path, write);

    private static void Write(string path, string named, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            // A link stays a link: what it points to is written.
            path = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : path;
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { Length: > 0 } folder)
            {
                Directory.CreateDirectory(folder);
            }

            AtomicFile.Write(path, write);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ToolException($"cannot write '{named}': {Explain(e)}", e);
        }
    }

    // The system names the file beside the destination that is written first, and gives a missing right as the reason for much else.
    private static string Explain(Exception failure) => failure is UnauthorizedAccessException
        ? "this user may not write there"
        : ToolException.Reason(failure).Replace(AtomicFile.PartialSuffix, string.Empty, StringComparison.Ordinal).Replace(TrialSuffix, string.Empty, StringComparison.Ordinal);

    public static void WriteText(string path, string text) => Write(path, stream =>
    {
        using StreamWriter writer = new(stream, leaveOpen: true);
        writer.Write(text);
    });

    public static void WriteBytes(string path, byte[] bytes) => Write(path, stream => stream.Write(bytes));
}
