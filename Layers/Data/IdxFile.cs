using System.IO;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Reads IDX, the format of MNIST: two zero bytes, the element type, the rank, each extent in 4 bytes (most significant first), the values.
/// Only unsigned bytes are read, which is all that images and labels need.
/// </summary>
public static class IdxFile
{
    /// <summary>Reads a file, plain or packed with gzip.</summary>
    /// <param name="path">The path.</param>
    /// <param name="maximumBytes">The most memory that the values may take.</param>
    /// <exception cref="ModelFileException">The content is not sound or beyond the limit.</exception>
    public static DataArray<byte> Load(string path, int maximumBytes = int.MaxValue - 4096)
    {
        using Stream stream = DatasetFiles.OpenRead(path);
        return Read(stream, Path.GetFileName(path), maximumBytes);
    }

    /// <summary>Reads a stream of unpacked content to its end.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="name">What messages call the file.</param>
    /// <param name="maximumBytes">The most memory that the values may take.</param>
    /// <exception cref="ModelFileException">The content is not sound or beyond the limit.</exception>
    public static DataArray<byte> Read(Stream stream, string name, int maximumBytes = int.MaxValue - 4096)
    {
        using IdxReader reader = new(stream, name, maximumBytes);
        return reader.ReadAll(maximumBytes);
    }

    /// <summary>Whether a file starts as IDX does, and its rank.</summary>
    internal static bool Recognise(string path, out int rank)
    {
        byte[] start = DatasetFiles.Peek(path, IdxReader.PrefixBytes);
        rank = start.Length == IdxReader.PrefixBytes && start[0] == 0 && start[1] == 0 && start[2] is >= IdxReader.UnsignedByte and <= 0x0e ? start[3] : 0;
        return rank is >= 1 and <= Shape.MaximumRank;
    }
}
