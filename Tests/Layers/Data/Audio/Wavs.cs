using System;
using System.Buffers.Binary;
using System.IO;

namespace ManagedDyn.Tests.Layers.Data.Audio;

/// <summary>Writes WAV files as others do.</summary>
internal static class Wavs
{
    public static byte[] Make(ReadOnlySpan<double> samples, int channels = 1, int rate = 8000, int bits = 16, bool isFloating = false, bool isExtensible = false, uint? size = null, bool hasExtraChunk = false)
    {
        int width = bits / 8;
        using MemoryStream data = new();
        byte[] value = new byte[8];
        foreach (double sample in samples)
        {
            switch (isFloating, bits)
            {
                case (true, 32): BinaryPrimitives.WriteSingleLittleEndian(value, (float)sample); break;
                case (true, _): BinaryPrimitives.WriteDoubleLittleEndian(value, sample); break;
                case (_, 8): value[0] = (byte)Math.Round((sample * 128) + 128); break;
                case (_, 16): BinaryPrimitives.WriteInt16LittleEndian(value, (short)Math.Round(sample * 32768)); break;
                case (_, 24): BinaryPrimitives.WriteInt32LittleEndian(value, (int)Math.Round(sample * 8388608)); break;
                default: BinaryPrimitives.WriteInt32LittleEndian(value, (int)Math.Round(sample * 2147483648)); break;
            }

            data.Write(value, 0, width);
        }

        using MemoryStream file = new();
        using BinaryWriter writer = new(file);
        writer.Write("RIFF"u8);
        writer.Write(0);
        writer.Write("WAVE"u8);
        if (hasExtraChunk)
        {
            // Of odd length, with a byte of padding behind it.
            writer.Write("LIST"u8);
            writer.Write(3);
            writer.Write("abc\0"u8);
        }

        writer.Write("fmt "u8);
        writer.Write(isExtensible ? 40 : 16);
        writer.Write((ushort)(isExtensible ? 0xFFFE : isFloating ? 3 : 1));
        writer.Write((ushort)channels);
        writer.Write(rate);
        writer.Write(rate * channels * width);
        writer.Write((ushort)(channels * width));
        writer.Write((ushort)bits);
        if (isExtensible)
        {
            writer.Write((ushort)22);
            writer.Write((ushort)bits);
            writer.Write(0);
            writer.Write((ushort)(isFloating ? 3 : 1));
            writer.Write(new byte[14]);
        }

        writer.Write("data"u8);
        writer.Write(size ?? (uint)data.Length);
        writer.Write(data.ToArray());
        return file.ToArray();
    }

    /// <summary>A tone.</summary>
    public static double[] Tone(double hertz, int samples, int rate = 8000, double loudness = 0.5)
    {
        double[] values = new double[samples];
        for (int i = 0; i < samples; i++)
        {
            values[i] = loudness * Math.Sin(2 * Math.PI * hertz * i / rate);
        }

        return values;
    }
}
