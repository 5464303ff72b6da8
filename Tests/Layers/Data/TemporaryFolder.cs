using System;
using System.IO;
using System.IO.Compression;

namespace ManagedDyn.Tests.Layers.Data;

/// <summary>A folder that is gone after the test.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("mdyn-test-").FullName;

    public void Dispose() => Directory.Delete(Root, recursive: true);

    public string Write(string name, ReadOnlySpan<byte> content)
    {
        string path = Path.Combine(Root, Path.Combine(name.Split('/')));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, name.EndsWith(".gz", StringComparison.Ordinal) ? Pack(content) : content);
        return path;
    }

    public static byte[] Pack(ReadOnlySpan<byte> content)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return packed.ToArray();
    }
}
