using System;
using System.IO;

namespace ManagedDyn.Engine.Formats;

/// <summary>Writes a file so that at every moment, also when the process is killed, its path holds the old content or the new one whole.</summary>
public static class AtomicFile
{
    /// <summary>How the name of the file ends that the new content is written to, beside the target; before it stands what no other writer has.</summary>
    public const string PartialSuffix = ".partial";

    // A dot and as many hexadecimal digits.
    private const int MarkLength = 9;
    private const int Attempts = 8;

    private const int MinutesOfGrace = 1;

    /// <summary>
    /// Writes beside the target, flushes to the disk, then renames over it. When <paramref name="write"/> throws, the target is as it was
    /// and the partial file is removed. Of several writers at once each writes whole, and the last to end stays. What writers of the same target
    /// that were killed left behind is removed a minute later.
    /// </summary>
    /// <param name="path">The target.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="IOException">The folder cannot be written, or the disk is full.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        string target = Path.GetFullPath(path);
        if (File.Exists(target))
        {
            RemoveAbandoned(target);
        }

        using FileStream stream = Create(target, out string partial);
        try
        {
            write(stream);
            stream.Flush(flushToDisk: true);

            // Renamed while it is open: until then the lock tells others that the partial file has a writer.
            File.Move(partial, target, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    private static FileStream Create(string target, out string partial)
    {
        for (int attempt = 1; ; attempt++)
        {
            partial = $"{target}.{Guid.NewGuid().ToString("N")[..(MarkLength - 1)]}{PartialSuffix}";
            try
            {
                return new FileStream(partial, FileMode.CreateNew, FileAccess.Write, FileShare.Delete);
            }
            catch (IOException) when (attempt < Attempts)
            {
                // Another writer may have drawn the same name, or taken the file for abandoned before its lock was there.
            }
        }
    }

    private static void RemoveAbandoned(string target)
    {
        string name = Path.GetFileName(target);
        foreach (string file in Directory.EnumerateFiles(Path.GetDirectoryName(target)!, "*" + PartialSuffix))
        {
            ReadOnlySpan<char> found = Path.GetFileName(file.AsSpan());
            if (found.Length != name.Length + MarkLength + PartialSuffix.Length || !found.StartsWith(name, StringComparison.Ordinal)
                || !IsMark(found.Slice(name.Length, MarkLength)))
            {
                continue;
            }

            try
            {
                // A file is there a moment before its lock is: one that is new may have a writer all the same.
                if (DateTime.UtcNow - File.GetLastWriteTimeUtc(file) < TimeSpan.FromMinutes(MinutesOfGrace))
                {
                    continue;
                }

                // Refused while its writer lives; names are not drawn twice, so this one is nobody else's by then.
                using FileStream abandoned = new(file, FileMode.Open, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // It has a writer or another owner: not ours to remove.
            }
        }
    }

    private static bool IsMark(ReadOnlySpan<char> text)
    {
        bool isMark = text[0] == '.';
        foreach (char digit in text[1..])
        {
            isMark &= char.IsAsciiHexDigitLower(digit);
        }

        return isMark;
    }
}
