using System;
using System.IO;

namespace ManagedDyn.Engine.Formats;

/// <summary>Reads from a stream whose content is not trusted.</summary>
public static class BoundedStream
{
    private const int FirstChunkBytes = 64 * 1024;

    /// <summary>
    /// Reads a number of bytes that a file itself states. Unless the stream is known to have them, memory is taken as the bytes arrive, at most
    /// double of what has come, so that a short file that states a great length costs little.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="length">How many bytes the file says there are.</param>
    /// <param name="part">What is read, for the message.</param>
    /// <param name="offset">Where the part starts in the file.</param>
    /// <exception cref="ModelFormatException">The stream ends earlier.</exception>
    public static byte[] ReadExactly(Stream stream, int length, string part, long offset)
    {
        bool isThere = stream.CanSeek && stream.Length - stream.Position >= length;
        byte[] bytes = new byte[isThere ? length : Math.Min(length, FirstChunkBytes)];
        int count = 0;
        while (count < length)
        {
            if (count == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(length, bytes.Length * 2L));
            }

            int read = stream.Read(bytes, count, bytes.Length - count);
            if (read == 0)
            {
                throw new ModelFormatException(part, offset + count, $"the end of the file after {count} bytes", $"{length} bytes");
            }

            count += read;
        }

        return bytes;
    }

    /// <summary>Checks that a stream has ended.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="part">What should have been the last part, for the message.</param>
    /// <param name="offset">The position in the file.</param>
    /// <exception cref="ModelFormatException">There is at least one more byte.</exception>
    public static void ExpectEnd(Stream stream, string part, long offset)
    {
        int next = stream.ReadByte();
        if (next >= 0)
        {
            throw new ModelFormatException(part, offset, $"one more byte (0x{next:x2})", "the end of the file");
        }
    }
}
