using System;
using System.IO;

namespace ManagedDyn.Tool.Files;

/// <summary>
/// Finds destinations that are no regular files, which renaming over them would destroy or miss: devices, pipes, and what the process writes to already, such as
/// /dev/stdout.
/// </summary>
internal static class SpecialFile
{
    private static readonly string[] Folders = ["/dev/", "/proc/", @"\\.\"];
    private static readonly string[] Outputs = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
    private static readonly string[] Errors = ["/dev/stderr", "/dev/fd/2", "/proc/self/fd/2"];

    /// <summary>Whether the name alone tells; a pipe elsewhere is not opened to find out, as that would end what reads it.</summary>
    public static bool IsNamed(string path)
    {
        string full = Path.GetFullPath(path);
        if (LiesInSpecialFolder(full))
        {
            return true;
        }

        return File.Exists(full) && File.ResolveLinkTarget(full, returnFinalTarget: true) is { } target && LiesInSpecialFolder(target.FullName);
    }

    /// <summary>The destination, opened for writing, if it is no regular file; else null.</summary>
    /// <exception cref="IOException">It is one and cannot be written.</exception>
    public static Stream? TryOpen(string path)
    {
        string full = Path.GetFullPath(path);
        if (Array.IndexOf(Outputs, full) >= 0)
        {
            return Console.OpenStandardOutput();
        }

        if (Array.IndexOf(Errors, full) >= 0)
        {
            return Console.OpenStandardError();
        }

        bool isNamed = IsNamed(full);
        if (!isNamed && !File.Exists(full))
        {
            return null;
        }

        try
        {
            FileStream stream = new(full, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            if (isNamed || !stream.CanSeek)
            {
                return stream;
            }

            stream.Dispose();
        }
        catch (Exception e) when (!isNamed && e is (IOException or UnauthorizedAccessException))
        {
            // A regular file that may be replaced although it may not be written, or a reason that will be told then.
        }

        return null;
    }

    private static bool LiesInSpecialFolder(string path)
    {
        foreach (string folder in Folders)
        {
            if (path.StartsWith(folder, StringComparison.Ordinal) && !path.StartsWith("/dev/shm/", StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
