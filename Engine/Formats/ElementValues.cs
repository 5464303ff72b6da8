using System;
using System.Buffers.Binary;

namespace ManagedDyn.Engine.Formats;

/// <summary>Converts the values of a file to the types that are computed with.</summary>
internal static class ElementValues
{
    /// <summary>Says that a type holds no integers.</summary>
    internal const int NoInteger = -2;

    /// <summary>Converts floating-point values; the caller has checked that the type is one.</summary>
    internal static void ToSingle(ElementType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        switch (type)
        {
            case ElementType.F32:
                LittleEndian.Read(source, destination);
                break;
            case ElementType.F64:
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(source[(i * 8)..]);
                }

                break;
            case ElementType.F16:
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(source[(i * 2)..]);
                }

                break;
            case ElementType.BF16:
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(source[(i * 2)..]) << 16);
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, $"{type} is no floating-point type; expected F32, F64, F16 or BF16.");
        }
    }

    /// <summary>Converts integers.</summary>
    /// <returns>−1, <see cref="NoInteger"/>, or the index of the first value that does not fit.</returns>
    internal static int ToInt64(ElementType type, ReadOnlySpan<byte> source, Span<long> destination)
    {
        if (type is ElementType.F16 or ElementType.BF16 or ElementType.F32 or ElementType.F64)
        {
            return NoInteger;
        }

        int size = ElementTypes.SizeOf(type);
        for (int i = 0; i < destination.Length; i++)
        {
            ReadOnlySpan<byte> value = source.Slice(i * size, size);
            destination[i] = type switch
            {
                ElementType.I8 => (sbyte)value[0],
                ElementType.I16 => BinaryPrimitives.ReadInt16LittleEndian(value),
                ElementType.U16 => BinaryPrimitives.ReadUInt16LittleEndian(value),
                ElementType.I32 => BinaryPrimitives.ReadInt32LittleEndian(value),
                ElementType.U32 => BinaryPrimitives.ReadUInt32LittleEndian(value),
                ElementType.I64 or ElementType.U64 => BinaryPrimitives.ReadInt64LittleEndian(value),
                _ => value[0],
            };
            if (type == ElementType.U64 && destination[i] < 0)
            {
                return i;
            }
        }

        return -1;
    }
}
