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
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { Length: > 0 } folder)
            {
                Directory.CreateDirectory(folder);
            }

            AtomicFile.Write(path, write);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ToolException($"cannot write '{path}': {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    public static void WriteText(string path, string text) => Write(path, stream =>
    {
        using StreamWriter writer = new(stream, leaveOpen: true);
        writer.Write(text);
    });

    public static void WriteBytes(string path, byte[] bytes) => Write(path, stream => stream.Write(bytes));
}
