using System;
using System.IO;

namespace ManagedDyn.Engine.Formats;

/// <summary>Writes a file so that at every moment, also when the process is killed, its path holds the old content or the new one whole.</summary>
public static class AtomicFile
{
    /// <summary>What is added to the path while the new content is being written.</summary>
    public const string PartialSuffix = ".partial";

    /// <summary>
    /// Writes beside the target, flushes to the disk, then renames over it. When <paramref name="write"/> throws, the target is as it was
    /// and the partial file is removed.
    /// </summary>
    /// <param name="path">The target.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="IOException">The folder cannot be written, the disk is full, or another writer is at work on the same path.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        string target = Path.GetFullPath(path);
        string partial = target + PartialSuffix;

        // Opened outside of the try block: when another writer holds the partial file, it is not ours to remove.
        FileStream stream = new(partial, FileMode.Create, FileAccess.Write, FileShare.None);
        try
        {
            using (stream)
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(partial, target, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }
}
