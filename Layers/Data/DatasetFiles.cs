using System;
using System.IO;
using System.IO.Compression;
using System.Text;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Layers.Data;

/// <summary>Opens the files of a data set, plain or packed with gzip.</summary>
internal static class DatasetFiles
{
    private const int MaximumListBytes = 1 << 20;

    /// <summary>Opens a file for reading; what is packed, as its first bytes tell, is unpacked on the way.</summary>
    internal static Stream OpenRead(string path)
    {
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            bool packed = file.ReadByte() == 0x1f && file.ReadByte() == 0x8b;
            file.Position = 0;
            return packed ? new GZipStream(file, CompressionMode.Decompress) : file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The first bytes of a file, unpacked; fewer when it is shorter or damaged.</summary>
    internal static byte[] Peek(string path, int count)
    {
        byte[] bytes = new byte[count];
        using Stream stream = OpenRead(path);
        try
        {
            return bytes[..stream.ReadAtLeast(bytes, count, throwOnEndOfStream: false)];
        }
        catch (InvalidDataException)
        {
            return [];
        }
    }

    /// <summary>Says what is wrong with a packed file.</summary>
    internal static ModelFormatException Damaged(string name, InvalidDataException cause) =>
        new(name, -1, "damaged gzip data", "a whole gzip file", cause);

    /// <summary>The file's name without the folders, and without ".gz".</summary>
    internal static string NameOf(string path)
    {
        string name = Path.GetFileName(path.AsSpan().TrimEnd('/').TrimEnd(Path.DirectorySeparatorChar).ToString());
        return name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? name[..^3] : name;
    }

    /// <summary>The files of a folder in ordinal order of their names.</summary>
    internal static string[] In(string folder)
    {
        string[] files = Directory.GetFiles(folder);
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    /// <summary>The class names in a text file, one a line; null when there is no such file.</summary>
    internal static string[]? ClassNames(string folder, string file)
    {
        string path = Path.Combine(folder, file);
        if (!File.Exists(path))
        {
            return null;
        }

        if (new FileInfo(path).Length > MaximumListBytes)
        {
            throw new ModelLimitException(path, -1, $"{new FileInfo(path).Length} bytes", $"at most {MaximumListBytes} for a list of class names");
        }

        string[] lines = File.ReadAllText(path, Encoding.UTF8).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return lines.Length > 0 ? lines : throw new ModelFormatException(path, -1, "no class name", "one a line");
    }

    /// <summary>Gives each class of a data set whose labels are numbers a name.</summary>
    /// <param name="known">The names, if there are some.</param>
    /// <param name="part">The file of the names or labels, for the message.</param>
    /// <param name="largest">The largest label.</param>
    internal static string[] NameClasses(string[]? known, string part, int largest)
    {
        if (known is not null)
        {
            return largest < known.Length
                ? known
                : throw new ModelFormatException(part, -1, $"the label {largest}", $"0 to {known.Length - 1}, as there are {known.Length} class names");
        }

        string[] names = new string[largest + 1];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = i.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        return names;
    }
}
