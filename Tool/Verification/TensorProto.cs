using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Tool.Verification;

/// <summary>
/// Reads one tensor as ONNX test data store it (a TensorProto message): dims, data_type, and the values as raw bytes or packed floats.
/// Every length is checked against what is there; unknown fields are skipped without recursion.
/// </summary>
public ref struct TensorProto
{
    private const int Float = 1;
    private const int Double = 11;
    private const int MaximumElements = 1 << 28;

    private readonly ReadOnlySpan<byte> _file;
    private int _at;

    private TensorProto(ReadOnlySpan<byte> file) => _file = file;

    /// <exception cref="InvalidDataException">The bytes are no such message.</exception>
    public static Tensor Read(ReadOnlySpan<byte> file) => new TensorProto(file).ReadTensor();

    private Tensor ReadTensor()
    {
        List<long> dims = [];
        List<float> floats = [];
        long type = 0;
        ReadOnlySpan<byte> raw = default;
        while (_at < _file.Length)
        {
            ulong tag = ReadVarint();
            switch (tag >> 3, tag & 7)
            {
                case (1, 0): dims.Add((long)ReadVarint()); break;
                case (1, 2): ReadPackedDims(dims); break;
                case (2, 0): type = (long)ReadVarint(); break;
                case (4, 2): AddFloats(floats, ReadBytes()); break;
                case (4, 5): AddFloats(floats, Take(4)); break;
                case (9, 2): raw = ReadBytes(); break;
                default: Skip(tag); break;
            }
        }

        return Make(Check(dims), type, raw, floats);
    }

    private static Shape Check(List<long> dims)
    {
        if (dims.Count > Shape.MaximumRank)
        {
            throw new InvalidDataException($"the tensor has rank {dims.Count}; at most {Shape.MaximumRank} is read");
        }

        Span<int> extents = stackalloc int[Shape.MaximumRank];
        long count = 1;
        for (int i = 0; i < dims.Count; i++)
        {
            if (dims[i] < 1 || dims[i] > MaximumElements || count * dims[i] > MaximumElements)
            {
                throw new InvalidDataException($"dimension {i} of the tensor is {dims[i]}; expected 1 to {MaximumElements} elements in all");
            }

            extents[i] = (int)dims[i];
            count *= dims[i];
        }

        return new Shape(extents[..dims.Count]);
    }

    private static Tensor Make(Shape shape, long type, ReadOnlySpan<byte> raw, List<float> floats)
    {
        int elementBytes = type switch
        {
            Float => sizeof(float),
            Double => sizeof(double),
            _ => throw new InvalidDataException($"the tensor has data type {type}; expected {Float} (float) or {Double} (double)"),
        };
        bool isRaw = floats.Count == 0;
        if (isRaw ? raw.Length != (long)shape.Count * elementBytes : floats.Count != shape.Count || type != Float)
        {
            throw new InvalidDataException($"the tensor of shape {shape} holds {(isRaw ? $"{raw.Length} bytes" : $"{floats.Count} floats")}; expected {shape.Count} values");
        }

        Tensor tensor = Tensor.Zeros(shape);
        Span<float> values = tensor.Span;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = !isRaw ? floats[i]
                : type == Float ? BinaryPrimitives.ReadSingleLittleEndian(raw[(i * sizeof(float))..])
                : (float)BinaryPrimitives.ReadDoubleLittleEndian(raw[(i * sizeof(double))..]);
        }

        return tensor;
    }

    private void ReadPackedDims(List<long> dims)
    {
        int length = ReadLength();
        int end = _at + length;
        while (_at < end)
        {
            dims.Add((long)ReadVarint());
        }

        if (_at != end)
        {
            throw new InvalidDataException($"the dimensions end at byte {_at}; expected {end}");
        }
    }

    private static void AddFloats(List<float> floats, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length % sizeof(float) != 0)
        {
            throw new InvalidDataException($"{bytes.Length} bytes of floats are no multiple of {sizeof(float)}");
        }

        for (int i = 0; i < bytes.Length; i += sizeof(float))
        {
            floats.Add(BinaryPrimitives.ReadSingleLittleEndian(bytes[i..]));
        }
    }

    private void Skip(ulong tag)
    {
        switch (tag & 7)
        {
            case 0: ReadVarint(); break;
            case 1: Take(8); break;
            case 2: ReadBytes(); break;
            case 5: Take(4); break;
            default: throw new InvalidDataException($"byte {_at}: wire type {tag & 7} does not belong into a tensor");
        }
    }

    private ReadOnlySpan<byte> ReadBytes() => Take(ReadLength());

    private int ReadLength()
    {
        ulong length = ReadVarint();
        return length <= (ulong)(_file.Length - _at)
            ? (int)length
            : throw new InvalidDataException($"byte {_at}: a field wants {length} bytes and {_file.Length - _at} are there");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _file.Length - _at)
        {
            throw new InvalidDataException($"byte {_at}: a field wants {count} bytes and {_file.Length - _at} are there");
        }

        ReadOnlySpan<byte> bytes = _file.Slice(_at, count);
        _at += count;
        return bytes;
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (_at >= _file.Length)
            {
                break;
            }

            byte next = _file[_at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException($"byte {_at}: a number does not end");
    }
}
