namespace ManagedDyn.Engine.Formats;

/// <summary>The element types of tensors in files.</summary>
public enum ElementType
{
    /// <summary>One byte, 0 or 1.</summary>
    Bool,

    /// <summary>8-bit unsigned integer.</summary>
    U8,

    /// <summary>8-bit signed integer.</summary>
    I8,

    /// <summary>16-bit unsigned integer.</summary>
    U16,

    /// <summary>16-bit signed integer.</summary>
    I16,

    /// <summary>16-bit IEEE 754 number: 5 bits of exponent, 10 of fraction.</summary>
    F16,

    /// <summary>The upper 16 bits of a 32-bit IEEE 754 number: 8 bits of exponent, 7 of fraction.</summary>
    BF16,

    /// <summary>32-bit unsigned integer.</summary>
    U32,

    /// <summary>32-bit signed integer.</summary>
    I32,

    /// <summary>32-bit IEEE 754 number.</summary>
    F32,

    /// <summary>64-bit unsigned integer.</summary>
    U64,

    /// <summary>64-bit signed integer.</summary>
    I64,

    /// <summary>64-bit IEEE 754 number.</summary>
    F64,
}
