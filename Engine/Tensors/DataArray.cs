using System;

namespace ManagedDyn.Engine.Tensors;

/// <summary>
/// Shaped values that are not differentiated: labels, identifiers, pixels as bytes, tensors of a file in their own type.
/// </summary>
/// <typeparam name="T">The element type.</typeparam>
public sealed class DataArray<T>
    where T : unmanaged
{
    /// <summary>Wraps values without copying them.</summary>
    /// <param name="shape">The extents.</param>
    /// <param name="values">Row-major, as many as the shape has elements.</param>
    /// <exception cref="ArgumentException">The number of values differs from the shape's.</exception>
    public DataArray(Shape shape, T[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Length != shape.Count)
        {
            throw new ArgumentException($"{values.Length} values were given for shape {shape}; expected {shape.Count}.", nameof(values));
        }

        Shape = shape;
        Values = values;
    }

    /// <summary>The extents.</summary>
    public Shape Shape { get; }

    /// <summary>The values, row-major.</summary>
    public T[] Values { get; }
}
