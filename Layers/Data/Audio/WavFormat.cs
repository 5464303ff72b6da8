using System;
using System.Buffers.Binary;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Layers.Data.Audio;

/// <summary>How the samples of a WAV file are stored.</summary>
internal readonly record struct WavFormat(int Rate, int Channels, int Bits, bool IsFloating)
{
    /// <summary>Bytes of a sample of all channels.</summary>
    public int BlockBytes => Channels * Bits / 8;

    /// <summary>The mean of the channels; what is left over behind whole blocks is dropped.</summary>
    public float[] Decode(ReadOnlySpan<byte> bytes, string name, long position)
    {
        float[] samples = new float[bytes.Length / BlockBytes];
        int width = Bits / 8;
        for (int i = 0; i < samples.Length; i++)
        {
            double sum = 0;
            for (int channel = 0; channel < Channels; channel++)
            {
                int start = (i * BlockBytes) + (channel * width);
                double value = Value(bytes.Slice(start, width));
                if (!(Math.Abs(value) <= float.MaxValue))
                {
                    throw new ModelFormatException(name, position + start, FormattableString.Invariant($"a sample {value}"), "finite numbers");
                }

                sum += value;
            }

            samples[i] = (float)(sum / Channels);
        }

        return samples;
    }

    private double Value(ReadOnlySpan<byte> bytes) => (IsFloating, Bits) switch
    {
        (true, 32) => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        (true, _) => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        (_, 8) => (bytes[0] - 128) / 128.0,
        (_, 16) => BinaryPrimitives.ReadInt16LittleEndian(bytes) / 32768.0,
        (_, 24) => ((sbyte)bytes[2] * 65536 + (bytes[1] << 8) + bytes[0]) / 8388608.0,
        _ => BinaryPrimitives.ReadInt32LittleEndian(bytes) / 2147483648.0,
    };
}
