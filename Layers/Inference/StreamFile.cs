using System;
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// Streams as bytes, little-endian: "MDSTREAM", version, the model's checksum, pieces, label and agreement of the answers so far, the number of values remembered,
/// the values, and the checksum of all before. Read as hostile: every field is checked before anything is taken over.
/// </summary>
internal sealed class StreamFile
{
    private const int Version = 1;
    private const int HeaderLength = 36;
    private const string Part = "saved stream";

    private readonly Model _model;
    private readonly IStepwise _network;
    private uint? _checksum;

    public StreamFile(Model model, IStepwise network)
    {
        _model = model;
        _network = network;
        Length = checked(HeaderLength + (network.StateLength * sizeof(float)) + sizeof(uint));
    }

    private static ReadOnlySpan<byte> Magic => "MDSTREAM"u8;

    /// <summary>The length of a saved stream of this model, in bytes.</summary>
    public int Length { get; }

    public void Write(Span<byte> destination, ReadOnlySpan<float> state, int pieces, in ExitHistory history)
    {
        if (destination.Length < Length)
        {
            throw new ArgumentException($"There is room for {destination.Length} bytes; expected {Length}.", nameof(destination));
        }

        Magic.CopyTo(destination);
        BinaryPrimitives.WriteInt32LittleEndian(destination[8..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], ModelChecksum());
        BinaryPrimitives.WriteInt32LittleEndian(destination[16..], pieces);
        BinaryPrimitives.WriteInt32LittleEndian(destination[20..], history.Label);
        BinaryPrimitives.WriteInt32LittleEndian(destination[24..], history.Agreement);
        BinaryPrimitives.WriteInt32LittleEndian(destination[28..], state.Length);
        BinaryPrimitives.WriteInt32LittleEndian(destination[32..], 0);
        for (int i = 0; i < state.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(destination[(HeaderLength + (i * sizeof(float)))..], state[i]);
        }

        int end = Length - sizeof(uint);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[end..], Sum(0, destination[..end]));
    }

    /// <summary>Reads a saved stream; when anything is wrong, nothing is changed.</summary>
    /// <param name="saved">The bytes.</param>
    /// <param name="state">Gets the values remembered.</param>
    public (int Pieces, ExitHistory History) Read(ReadOnlySpan<byte> saved, Span<float> state)
    {
        if (saved.Length != Length)
        {
            throw new ModelFormatException(Part, -1, $"{saved.Length} bytes", $"{Length}, the length of a stream of this model");
        }

        if (!saved.StartsWith(Magic))
        {
            throw new ModelFormatException(Part, 0, "other bytes", "MDSTREAM at the start");
        }

        Require(saved, 8, Version, "version");
        int end = Length - sizeof(uint);
        uint sum = Sum(0, saved[..end]);
        uint written = BinaryPrimitives.ReadUInt32LittleEndian(saved[end..]);
        if (sum != written)
        {
            throw new ModelFormatException(Part, end, Text(written), $"the checksum {Text(sum)}; the bytes are damaged");
        }

        uint model = BinaryPrimitives.ReadUInt32LittleEndian(saved[12..]);
        if (model != ModelChecksum())
        {
            throw new ModelFormatException(Part, 12, $"a stream of the model {Text(model)}", $"one of this model, {Text(ModelChecksum())}");
        }

        Require(saved, 28, state.Length, "number of values");
        Require(saved, 32, 0, "reserved field");
        int pieces = BinaryPrimitives.ReadInt32LittleEndian(saved[16..]);
        int label = BinaryPrimitives.ReadInt32LittleEndian(saved[20..]);
        int agreement = BinaryPrimitives.ReadInt32LittleEndian(saved[24..]);
        if (pieces < 0 || pieces > _network.StepLimit)
        {
            throw new ModelFormatException(Part, 16, $"{pieces} pieces", $"0 to {_network.StepLimit}");
        }

        bool isFit = pieces == 0 ? label == -1 && agreement == 0 : label >= 0 && label < _model.ClassCount && agreement >= 1 && agreement <= pieces;
        if (!isFit)
        {
            throw new ModelFormatException(Part, 20, $"label {label} said {agreement} times after {pieces} pieces", $"a class below {_model.ClassCount}, said once for each piece at most, or −1 and 0 before the first");
        }

        TakeValues(saved, state, pieces);
        return (pieces, new ExitHistory(label, agreement, pieces));
    }

    private void TakeValues(ReadOnlySpan<byte> saved, Span<float> state, int pieces)
    {
        float[] values = new float[state.Length];
        for (int i = 0; i < values.Length; i++)
        {
            int offset = HeaderLength + (i * sizeof(float));
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(saved[offset..]);
            if (!float.IsFinite(values[i]) || (pieces == 0 && values[i] != 0))
            {
                throw new ModelFormatException(Part, offset, values[i].ToString(CultureInfo.InvariantCulture), pieces == 0 ? "0 before the first piece" : "a finite number");
            }
        }

        if (pieces > 0 && !_network.IsSound(values, pieces))
        {
            throw new ModelFormatException(Part, HeaderLength, "values that no stream of this model comes to", "a state of it");
        }

        values.CopyTo(state);
    }

    private static void Require(ReadOnlySpan<byte> saved, int offset, int expected, string what)
    {
        int found = BinaryPrimitives.ReadInt32LittleEndian(saved[offset..]);
        if (found != expected)
        {
            throw new ModelFormatException(Part, offset, string.Create(CultureInfo.InvariantCulture, $"{what} {found}"), expected.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static string Text(uint sum) => sum.ToString("x8", CultureInfo.InvariantCulture);

    // CRC-32C over the names and values of all parameters: a state means something to the weights that made it alone.
    private uint ModelChecksum()
    {
        if (_checksum is { } known)
        {
            return known;
        }

        uint sum = 0;
        foreach ((string name, Parameter parameter) in _model.Network.NamedParameters())
        {
            foreach (char character in name)
            {
                sum = BitOperations.Crc32C(sum, (ushort)character);
            }

            foreach (float value in parameter.Value.Span)
            {
                sum = BitOperations.Crc32C(sum, BitConverter.SingleToUInt32Bits(value));
            }
        }

        _checksum = sum;
        return sum;
    }

    private static uint Sum(uint sum, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (byte value in bytes)
        {
            sum = BitOperations.Crc32C(sum, value);
        }

        return sum;
    }
}
