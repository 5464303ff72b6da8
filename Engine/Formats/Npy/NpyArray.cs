using System;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Formats.Npy;

/// <summary>An array of an npy file: row-major and little-endian, whatever the file's order was. Immutable and shared by threads.</summary>
public sealed class NpyArray
{
    private readonly byte[] _bytes;
    private readonly string _name;

    internal NpyArray(string name, ElementType type, Shape shape, byte[] bytes)
    {
        _name = name;
        Type = type;
        Shape = shape;
        _bytes = bytes;
    }

    /// <summary>The element type.</summary>
    public ElementType Type { get; }

    /// <summary>The extents.</summary>
    public Shape Shape { get; }

    /// <summary>The values, row-major and little-endian.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    private StoredTensor Stored => new(NpyFile.PartKind, _name, -1, -1, Type, Shape, _bytes);

    /// <summary>Copies floating-point numbers into a tensor; F64 and F16 are converted, F64 rounded to the nearest.</summary>
    /// <exception cref="ModelFormatException">The array has another element type.</exception>
    public Tensor ToTensor() => Stored.ToTensor();

    /// <summary>Copies floating-point numbers; F64 and F16 are converted, F64 rounded to the nearest.</summary>
    /// <param name="destination">As many values as the array has.</param>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    /// <exception cref="ModelFormatException">The array has another element type.</exception>
    public void CopyTo(Span<float> destination) => Stored.CopyTo(destination);

    /// <summary>Copies the values in their own type.</summary>
    /// <typeparam name="T">float, double, Half, an integer type, or bool, as the file has it; BOOL is read as byte too.</typeparam>
    /// <exception cref="ModelFormatException">The array has another element type, or a BOOL that is neither 0 nor 1.</exception>
    public DataArray<T> ToArray<T>()
        where T : unmanaged => Stored.ToArray<T>();

    /// <summary>Copies integers or BOOL, widened to 64 bits.</summary>
    /// <exception cref="ModelFormatException">The array has another element type, or a value beyond 2^63 − 1.</exception>
    public DataArray<long> ToIntegers() => Stored.ToIntegers();
}
