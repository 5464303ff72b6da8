using System;
using System.IO;

namespace ManagedDyn.Tool.Files;

/// <summary>Reads files that a user named, with one-line errors for what can be wrong with them.</summary>
public static class InputFile
{
    // 'expected' is what should have been there, as it reads in an error: "a PNG picture".
    public static byte[] ReadAllBytes(string path, long maximumLength, string expected)
    {
        using FileStream stream = Open(path, expected);
        if (stream.Length > maximumLength)
        {
            throw new ToolException($"'{path}' has {stream.Length} bytes; {expected} of at most {maximumLength} bytes is read");
        }

        try
        {
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (IOException e)
        {
            throw new ToolException($"cannot read '{path}': {ToolException.Reason(e)}", e);
        }
    }

    public static FileStream Open(string path, string expected)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (Directory.Exists(path))
        {
            throw new ToolException($"'{path}' is a folder; expected {expected}");
        }

        try
        {
            FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
            if (!stream.CanSeek)
            {
                stream.Dispose();
                throw new ToolException($"'{path}' is no regular file; expected {expected}");
            }

            if (stream.Length == 0)
            {
                stream.Dispose();
                throw new ToolException($"'{path}' is empty; expected {expected}");
            }

            return stream;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ToolException($"'{path}' does not exist; expected {expected}", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ToolException($"'{path}' may not be read by this user; expected {expected}", e);
        }
        catch (Exception e) when (e is IOException or ArgumentException or NotSupportedException)
        {
            throw new ToolException($"cannot open '{path}': {ToolException.Reason(e)}", e);
        }
    }
}
