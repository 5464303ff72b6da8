using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;

namespace ManagedDyn.Engine.Formats.Npy;

/// <summary>
/// Reads npz, NumPy's format for named arrays: a zip file with an npy file for each. All arrays are read and checked at once; nothing is written to
/// disk. Archives made to harm are refused: names that lead out of a folder, a name twice, encrypted entries, entries that unpack to a thousand
/// times their size, wrong checksums.
/// </summary>
public static class NpzFile
{
    /// <summary>The end of the name of each entry.</summary>
    internal const string Extension = ".npy";

    /// <summary>Reads a file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="limits">The limits; by default <see cref="NpyLimits.Default"/>.</param>
    /// <returns>The arrays by name, without ".npy".</returns>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    /// <exception cref="ModelFileException">The content is not sound or beyond the limits.</exception>
    public static IReadOnlyDictionary<string, NpyArray> Load(string path, NpyLimits? limits = null)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        return Read(stream, limits);
    }

    /// <summary>Reads from a stream.</summary>
    /// <param name="stream">The stream, which must be able to seek: the directory of a zip file stands at its end.</param>
    /// <param name="limits">The limits; by default <see cref="NpyLimits.Default"/>.</param>
    /// <returns>The arrays by name, without ".npy".</returns>
    /// <exception cref="ArgumentException">The stream cannot seek.</exception>
    /// <exception cref="ModelFileException">The content is not sound or beyond the limits.</exception>
    public static IReadOnlyDictionary<string, NpyArray> Read(Stream stream, NpyLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanSeek)
        {
            throw new ArgumentException("The stream cannot seek; expected one that can, as the directory of a zip file stands at its end.", nameof(stream));
        }

        limits ??= NpyLimits.Default;
        try
        {
            using ZipArchive archive = new(stream, ZipArchiveMode.Read, leaveOpen: true);
            return ReadEntries(archive, limits);
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException or ArgumentException or NotSupportedException)
        {
            // How the framework reports a directory or a packed stream that is not sound, be it by a position outside of the file.
            throw new ModelFormatException("npz archive", -1, "a damaged zip file: " + FileText.Quote(exception.Message), "a sound one", exception);
        }
    }

    /// <summary>Whether a name stays within a folder on every system.</summary>
    internal static bool IsPlain(ReadOnlySpan<char> name)
    {
        foreach (Range range in name.Split('/'))
        {
            if (name[range] is "" or "." or "..")
            {
                return false;
            }
        }

        return !name.ContainsAny('\\', ':', '\0');
    }

    private static Dictionary<string, NpyArray> ReadEntries(ZipArchive archive, NpyLimits limits)
    {
        if (archive.Entries.Count > limits.Entries)
        {
            throw new ModelLimitException("npz archive", -1, $"{archive.Entries.Count} entries", $"at most {limits.Entries}");
        }

        // Names are checked before anything is unpacked.
        Dictionary<string, NpyArray> arrays = new(StringComparer.Ordinal);
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            CheckName(entry, limits);
            if (!names.Add(entry.FullName))
            {
                throw new ModelFormatException(PartOf(entry), -1, "the name a second time", "each name once");
            }
        }

        long left = limits.DataBytes;
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            NpyArray array = ReadEntry(entry, left, limits);
            left -= array.Bytes.Length;
            arrays.Add(entry.FullName[..^Extension.Length], array);
        }

        return arrays;
    }

    private static string PartOf(ZipArchiveEntry entry) => "npz entry " + FileText.Quote(entry.FullName);

    private static void CheckName(ZipArchiveEntry entry, NpyLimits limits)
    {
        string name = entry.FullName;
        if (name.Length > limits.NameLength)
        {
            throw new ModelLimitException(PartOf(entry), -1, $"a name of {name.Length} characters", $"at most {limits.NameLength}");
        }

        if (!IsPlain(name))
        {
            throw new ModelFormatException(PartOf(entry), -1, "a name that may lead out of a folder", "plain names, with / between them");
        }

        if (!name.EndsWith(Extension, StringComparison.Ordinal) || name.Length == Extension.Length)
        {
            throw new ModelFormatException(PartOf(entry), -1, "a file of another kind", "names that end with " + Extension);
        }

        if (entry.IsEncrypted)
        {
            throw new ModelFormatException(PartOf(entry), -1, "an encrypted entry", "one that is not");
        }
    }

    private static NpyArray ReadEntry(ZipArchiveEntry entry, long left, NpyLimits limits)
    {
        // What is read is bounded by what the npy header says and by this, not by the size that the archive's directory states.
        long packed = Math.Max(entry.CompressedLength, 0);
        long most = Math.Max(limits.FreeBytes, packed > long.MaxValue / limits.PackingRatio ? long.MaxValue : packed * limits.PackingRatio);
        if (entry.Length > most)
        {
            throw new ModelLimitException(PartOf(entry), -1, $"{entry.Length} bytes packed into {packed}", $"at most {limits.PackingRatio} times as many as packed");
        }

        using Stream unpacked = entry.Open();
        ChecksumStream stream = new(unpacked);
        NpyArray array = NpyFile.Read(stream, entry.FullName, limits with { DataBytes = Math.Min(left, most) });
        return stream.Checksum == entry.Crc32
            ? array
            : throw new ModelFormatException(PartOf(entry), -1, $"content with the checksum {stream.Checksum:x8}", $"{entry.Crc32:x8}");
    }
}
