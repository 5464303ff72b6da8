using System;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Formats;

/// <summary>A tensor as it stands in a file, and its conversion to the types that are computed with.</summary>
/// <param name="kind">What messages call it, with its name behind.</param>
/// <param name="name">Its name.</param>
/// <param name="typeOffset">Where in the file its type stands.</param>
/// <param name="dataOffset">Where in the file its values start; −1 when they were unpacked.</param>
/// <param name="type">The element type.</param>
/// <param name="shape">The extents.</param>
/// <param name="bytes">The values, row-major and little-endian: as many as the shape has elements.</param>
internal readonly ref struct StoredTensor(string kind, string name, long typeOffset, long dataOffset, ElementType type, Shape shape, ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    private string Part => kind + FileText.Quote(name);

    /// <summary>Copies floating-point numbers into a tensor.</summary>
    internal Tensor ToTensor()
    {
        CheckFloat();
        Tensor tensor = Tensor.Zeros(shape);
        ElementValues.ToSingle(type, _bytes, tensor.Span);
        return tensor;
    }

    /// <summary>Copies floating-point numbers.</summary>
    internal void CopyTo(Span<float> destination)
    {
        CheckFloat();
        if (destination.Length != shape.Count)
        {
            throw new ArgumentException($"The destination for {Part}, {type} {shape}, has {destination.Length} elements; expected {shape.Count}.", nameof(destination));
        }

        ElementValues.ToSingle(type, _bytes, destination);
    }

    /// <summary>Copies values in their own type.</summary>
    internal DataArray<T> ToArray<T>()
        where T : unmanaged
    {
        bool fits = (ElementTypes.TryTypeOf<T>(out ElementType wanted) && wanted == type)
            || (typeof(T) == typeof(ushort) && type == ElementType.BF16)
            || (typeof(T) == typeof(byte) && type == ElementType.Bool);
        if (!fits)
        {
            throw new ModelFormatException(Part, typeOffset, $"element type {type}", $"one that {typeof(T).Name} holds");
        }

        if (type == ElementType.Bool && _bytes.IndexOfAnyExceptInRange((byte)0, (byte)1) is var wrong and >= 0)
        {
            throw new ModelFormatException(Part, OffsetOf(wrong), $"{_bytes[wrong]} as a BOOL", "0 or 1");
        }

        T[] values = new T[shape.Count];
        LittleEndian.Read<T>(_bytes, values);
        return new DataArray<T>(shape, values);
    }

    /// <summary>Copies integers, widened to 64 bits.</summary>
    internal DataArray<long> ToIntegers()
    {
        long[] values = new long[shape.Count];
        int wrong = ElementValues.ToInt64(type, _bytes, values);
        if (wrong == ElementValues.NoInteger)
        {
            throw new ModelFormatException(Part, typeOffset, $"element type {type}", "an integer type or BOOL");
        }

        return wrong < 0
            ? new DataArray<long>(shape, values)
            : throw new ModelFormatException(Part, OffsetOf(wrong), $"{(ulong)values[wrong]}", "at most 2^63 - 1");
    }

    private void CheckFloat()
    {
        if (type is not (ElementType.F32 or ElementType.F64 or ElementType.F16 or ElementType.BF16))
        {
            throw new ModelFormatException(Part, typeOffset, $"element type {type}", "F32, F64, F16 or BF16");
        }
    }

    private long OffsetOf(int index) => dataOffset < 0 ? -1 : dataOffset + ((long)index * ElementTypes.SizeOf(type));
}
