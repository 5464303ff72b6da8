using System;
using System.IO;

namespace ManagedDyn.Engine.Formats.Npy;

/// <summary>Reads another stream and computes the CRC-32 of zip files (polynomial 0xEDB88320, reflected) of what was read.</summary>
internal sealed class ChecksumStream(Stream inner) : ForwardReadStream
{
    private static readonly uint[] Table = MakeTable();

    private uint _state = uint.MaxValue;

    /// <summary>The checksum of what was read so far.</summary>
    public uint Checksum => ~_state;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int count = inner.Read(buffer);
        uint state = _state;
        foreach (byte value in buffer[..count])
        {
            state = Table[(byte)(state ^ value)] ^ (state >> 8);
        }

        _state = state;
        return count;
    }

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
