using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Formats;

/// <summary>Copies numbers between the little-endian bytes of a file and typed spans, whatever the processor's byte order or the alignment.</summary>
internal static class LittleEndian
{
    /// <summary>Reads numbers.</summary>
    /// <typeparam name="T">A number of 1, 2, 4 or 8 bytes without padding.</typeparam>
    /// <param name="source">The bytes: size of <typeparamref name="T"/> for each number.</param>
    /// <param name="destination">The numbers.</param>
    internal static void Read<T>(ReadOnlySpan<byte> source, Span<T> destination)
        where T : unmanaged
    {
        // AsBytes gives exactly destination.Length * sizeof(T) bytes, and CopyTo checks that they hold the source.
        Span<byte> bytes = MemoryMarshal.AsBytes(destination);
        Check(source.Length, bytes.Length);
        source.CopyTo(bytes);
        Swap<T>(bytes);
    }

    /// <summary>Writes numbers.</summary>
    /// <typeparam name="T">A number of 1, 2, 4 or 8 bytes without padding.</typeparam>
    /// <param name="source">The numbers.</param>
    /// <param name="destination">The bytes: size of <typeparamref name="T"/> for each number.</param>
    internal static void Write<T>(ReadOnlySpan<T> source, Span<byte> destination)
        where T : unmanaged
    {
        // AsBytes gives exactly source.Length * sizeof(T) bytes, and CopyTo checks that they fit.
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(source);
        Check(bytes.Length, destination.Length);
        bytes.CopyTo(destination);
        Swap<T>(destination);
    }

    /// <summary>Reverses the bytes of each element in place.</summary>
    /// <param name="bytes">A whole number of elements.</param>
    /// <param name="elementBytes">1, 2, 4 or 8.</param>
    internal static void Reverse(Span<byte> bytes, int elementBytes)
    {
        // Cast drops an incomplete last element and the framework's ReverseEndianness allows source and destination to be the same.
        switch (elementBytes)
        {
            case 2:
                Span<ushort> shorts = MemoryMarshal.Cast<byte, ushort>(bytes);
                BinaryPrimitives.ReverseEndianness(shorts, shorts);
                break;
            case 4:
                Span<uint> words = MemoryMarshal.Cast<byte, uint>(bytes);
                BinaryPrimitives.ReverseEndianness(words, words);
                break;
            case 8:
                Span<ulong> longs = MemoryMarshal.Cast<byte, ulong>(bytes);
                BinaryPrimitives.ReverseEndianness(longs, longs);
                break;
            default:
                break;
        }
    }

    private static void Swap<T>(Span<byte> bytes)
        where T : unmanaged
    {
        if (!BitConverter.IsLittleEndian)
        {
            Reverse(bytes, Unsafe.SizeOf<T>());
        }
    }

    private static void Check(int sourceBytes, int destinationBytes)
    {
        if (sourceBytes != destinationBytes)
        {
            throw new ArgumentException($"{sourceBytes} bytes were given for a place of {destinationBytes} bytes.");
        }
    }
}
