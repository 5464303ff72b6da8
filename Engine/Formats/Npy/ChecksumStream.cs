using System;
using System.IO;

namespace ManagedDyn.Engine.Formats.Npy;

/// <summary>Reads another stream and computes the CRC-32 of zip files (polynomial 0xEDB88320, reflected) of what was read.</summary>
internal sealed class ChecksumStream(Stream inner) : Stream
{
    private static readonly uint[] Table = MakeTable();

    private uint _state = uint.MaxValue;

    /// <summary>The checksum of what was read so far.</summary>
    public uint Checksum => ~_state;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        int read = inner.Read(buffer, offset, count);
        uint state = _state;
        for (int i = offset; i < offset + read; i++)
        {
            state = Table[(byte)(state ^ buffer[i])] ^ (state >> 8);
        }

        _state = state;
        return read;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? (value >> 1) ^ 0xEDB88320 : value >> 1;
            }

            table[i] = value;
        }

        return table;
    }
}
