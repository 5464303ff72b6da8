using System;

namespace ManagedDyn.Engine.Formats;

/// <summary>Names and sizes of the element types.</summary>
internal static class ElementTypes
{
    /// <summary>The names that can be read, for messages.</summary>
    internal const string Names = "BOOL, U8, I8, U16, I16, F16, BF16, U32, I32, F32, U64, I64 or F64";

    /// <summary>The type with the given name in a file.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> name, out ElementType type)
    {
        for (ElementType candidate = ElementType.Bool; candidate <= ElementType.F64; candidate++)
        {
            if (NameOf(candidate).SequenceEqual(name))
            {
                type = candidate;
                return true;
            }
        }

        type = default;
        return false;
    }

    /// <summary>The name in a file.</summary>
    internal static ReadOnlySpan<byte> NameOf(ElementType type) => type switch
    {
        ElementType.Bool => "BOOL"u8,
        ElementType.U8 => "U8"u8,
        ElementType.I8 => "I8"u8,
        ElementType.U16 => "U16"u8,
        ElementType.I16 => "I16"u8,
        ElementType.F16 => "F16"u8,
        ElementType.BF16 => "BF16"u8,
        ElementType.U32 => "U32"u8,
        ElementType.I32 => "I32"u8,
        ElementType.F32 => "F32"u8,
        ElementType.U64 => "U64"u8,
        ElementType.I64 => "I64"u8,
        ElementType.F64 => "F64"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, $"{type} is no element type; expected {Names}."),
    };

    /// <summary>The size of an element in bytes.</summary>
    internal static int SizeOf(ElementType type) => type switch
    {
        ElementType.Bool or ElementType.U8 or ElementType.I8 => 1,
        ElementType.U16 or ElementType.I16 or ElementType.F16 or ElementType.BF16 => 2,
        ElementType.U32 or ElementType.I32 or ElementType.F32 => 4,
        ElementType.U64 or ElementType.I64 or ElementType.F64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, $"{type} is no element type; expected {Names}."),
    };

    /// <summary>The type in a file of a type of the language.</summary>
    internal static bool TryTypeOf<T>(out ElementType type)
        where T : unmanaged
    {
        ElementType? found =
            typeof(T) == typeof(float) ? ElementType.F32
            : typeof(T) == typeof(double) ? ElementType.F64
            : typeof(T) == typeof(Half) ? ElementType.F16
            : typeof(T) == typeof(long) ? ElementType.I64
            : typeof(T) == typeof(ulong) ? ElementType.U64
            : typeof(T) == typeof(int) ? ElementType.I32
            : typeof(T) == typeof(uint) ? ElementType.U32
            : typeof(T) == typeof(short) ? ElementType.I16
            : typeof(T) == typeof(ushort) ? ElementType.U16
            : typeof(T) == typeof(sbyte) ? ElementType.I8
            : typeof(T) == typeof(byte) ? ElementType.U8
            : typeof(T) == typeof(bool) ? ElementType.Bool
            : null;
        type = found.GetValueOrDefault();
        return found.HasValue;
    }
}
