using System;
using System.IO;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Tool.Files;

/// <summary>
/// Writes files that a user named: beside the destination, flushed, then renamed into place, with one-line errors. A failure or a
/// kill leaves what was there before. What is no regular file (a device, a pipe) is written straight, and stays what it is.
/// </summary>
public static class OutputFile
{
    /// <summary>Fails now if the file could not be written later, when much work would be lost.</summary>
    public static void CheckWritable(string? path)
    {
        if (path is null)
        {
            return;
        }

        if (Directory.Exists(path))
        {
            throw new ToolException($"cannot write '{path}': it is a folder; expected the name of a file");
        }

        if (SpecialFile.IsNamed(path))
        {
            return;
        }

        // A name of its own: what a user keeps beside the file is not touched.
        string trial = $"{path}.{Path.GetRandomFileName()}";
        Write(trial, path, static _ => { });
        File.Delete(trial);
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
            if (SpecialFile.TryOpen(path) is { } special)
            {
                using (special)
                {
                    write(special);
                    special.Flush();
                }

                return;
            }

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
            throw new ToolException($"cannot write '{named}': {Explain(e, path, named)}", e);
        }
    }

    // The system names the file beside the destination that is written first, and gives a missing right as the reason for much else.
    private static string Explain(Exception failure, string path, string named)
    {
        if (failure is UnauthorizedAccessException)
        {
            return "this user may not write there";
        }

        string reason = ToolException.Reason(failure);
        string full = Path.GetFullPath(path);
        int start = reason.IndexOf(full, StringComparison.Ordinal);
        int end = start < 0 ? -1 : reason.IndexOf('\'', start + full.Length);
        return end < 0 ? reason : string.Concat(reason.AsSpan(0, start), Path.GetFullPath(named), reason.AsSpan(end));
    }

    public static void WriteText(string path, string text) => Write(path, stream =>
    {
        using StreamWriter writer = new(stream, leaveOpen: true);
        writer.Write(text);
    });

    public static void WriteBytes(string path, byte[] bytes) => Write(path, stream => stream.Write(bytes));
}
