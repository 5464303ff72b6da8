using System;
using System.Buffers.Binary;

namespace ManagedDyn.Tool.Files;

/// <summary>Says what a file's first bytes look like, for errors that name what was found.</summary>
public static class FileSniffer
{
    /// <summary>Whether the file begins as safetensors files do: the length of a header of at most 100 MB, and its opening brace.</summary>
    public static bool IsSafetensors(ReadOnlySpan<byte> file)
        => file.Length > 8 && file[8] == (byte)'{' && BinaryPrimitives.ReadUInt64LittleEndian(file) < 100_000_000;

    public static bool IsNpy(ReadOnlySpan<byte> file) => file.StartsWith<byte>([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y']);

    public static bool IsZip(ReadOnlySpan<byte> file) => file.StartsWith<byte>([(byte)'P', (byte)'K', 3, 4]);

    public static bool IsGzip(ReadOnlySpan<byte> file) => file.StartsWith<byte>([0x1F, 0x8B]);

    public static string Describe(ReadOnlySpan<byte> file)
    {
        if (file.IsEmpty)
        {
            return "empty";
        }

        if (file.StartsWith("version https://git-lfs"u8))
        {
            return "a Git LFS pointer (fetch the real file with 'git lfs pull')";
        }

        if (file.StartsWith<byte>([0x89, (byte)'P', (byte)'N', (byte)'G']))
        {
            return "a PNG picture";
        }

        if (file.StartsWith<byte>([0xFF, 0xD8, 0xFF]))
        {
            return "a JPEG picture";
        }

        if (file.StartsWith("GIF8"u8))
        {
            return "a GIF picture";
        }

        if (file.Length > 12 && file.StartsWith("RIFF"u8) && file[8..].StartsWith("WEBP"u8))
        {
            return "a WebP picture";
        }

        if (file.Length >= 12 && file.StartsWith("RIFF"u8) && file[8..].StartsWith("WAVE"u8))
        {
            return "a WAV recording";
        }

        if (IsNpy(file))
        {
            return "an npy array";
        }

        if (IsZip(file))
        {
            return "a zip archive";
        }

        if (IsGzip(file))
        {
            return "a gzip stream";
        }

        if (IsSafetensors(file))
        {
            return "a safetensors file";
        }

        ReadOnlySpan<byte> text = file[..Math.Min(file.Length, 512)].TrimStart(" \t\r\n\uFEFF"u8);
        if (text.StartsWith("<!"u8) || text.StartsWith("<html"u8) || text.StartsWith("<HTML"u8))
        {
            return "an HTML page";
        }

        return file[..Math.Min(file.Length, 512)].ContainsAnyExceptInRange((byte)9, (byte)126) ? "of an unknown binary format" : "a text file";
    }
}
