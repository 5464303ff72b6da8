using System;

namespace ManagedDyn.Engine.Formats.Safetensors;

/// <summary>Names and sizes of the element types.</summary>
internal static class SafetensorsTypes
{
    /// <summary>The names that can be read, for messages.</summary>
    internal const string Names = "BOOL, U8, I8, U16, I16, F16, BF16, U32, I32, F32, U64, I64 or F64";

    /// <summary>The type with the given name in a file.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> name, out SafetensorsType type)
    {
        for (SafetensorsType candidate = SafetensorsType.Bool; candidate <= SafetensorsType.F64; candidate++)
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
    internal static ReadOnlySpan<byte> NameOf(SafetensorsType type) => type switch
    {
        SafetensorsType.Bool => "BOOL"u8,
        SafetensorsType.U8 => "U8"u8,
        SafetensorsType.I8 => "I8"u8,
        SafetensorsType.U16 => "U16"u8,
        SafetensorsType.I16 => "I16"u8,
        SafetensorsType.F16 => "F16"u8,
        SafetensorsType.BF16 => "BF16"u8,
        SafetensorsType.U32 => "U32"u8,
        SafetensorsType.I32 => "I32"u8,
        SafetensorsType.F32 => "F32"u8,
        SafetensorsType.U64 => "U64"u8,
        SafetensorsType.I64 => "I64"u8,
        SafetensorsType.F64 => "F64"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, $"{type} is no element type; expected {Names}."),
    };

    /// <summary>The size of an element in bytes.</summary>
    internal static int SizeOf(SafetensorsType type) => type switch
    {
        SafetensorsType.Bool or SafetensorsType.U8 or SafetensorsType.I8 => 1,
        SafetensorsType.U16 or SafetensorsType.I16 or SafetensorsType.F16 or SafetensorsType.BF16 => 2,
        SafetensorsType.U32 or SafetensorsType.I32 or SafetensorsType.F32 => 4,
        SafetensorsType.U64 or SafetensorsType.I64 or SafetensorsType.F64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, $"{type} is no element type; expected {Names}."),
    };

    /// <summary>The type in a file of a type of the language.</summary>
    internal static bool TryTypeOf<T>(out SafetensorsType type)
        where T : unmanaged
    {
        SafetensorsType? found =
            typeof(T) == typeof(float) ? SafetensorsType.F32
            : typeof(T) == typeof(double) ? SafetensorsType.F64
            : typeof(T) == typeof(Half) ? SafetensorsType.F16
            : typeof(T) == typeof(long) ? SafetensorsType.I64
            : typeof(T) == typeof(ulong) ? SafetensorsType.U64
            : typeof(T) == typeof(int) ? SafetensorsType.I32
            : typeof(T) == typeof(uint) ? SafetensorsType.U32
            : typeof(T) == typeof(short) ? SafetensorsType.I16
            : typeof(T) == typeof(ushort) ? SafetensorsType.U16
            : typeof(T) == typeof(sbyte) ? SafetensorsType.I8
            : typeof(T) == typeof(byte) ? SafetensorsType.U8
            : typeof(T) == typeof(bool) ? SafetensorsType.Bool
            : null;
        type = found.GetValueOrDefault();
        return found.HasValue;
    }
}
