using System;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace ManagedDyn.Engine.Tensors;

/// <summary>
/// The extents of a row-major array: up to <see cref="MaximumRank"/> dimensions, none negative, held without heap memory.
/// Images are [N, H, W, C] (channels last), matrices [rows, columns], a scalar has rank 0.
/// </summary>
public readonly struct Shape : IEquatable<Shape>
{
    /// <summary>The largest number of dimensions.</summary>
    public const int MaximumRank = 8;

    private readonly Extents _extents;

    /// <summary>Makes a shape from its extents, outermost first.</summary>
    /// <param name="extents">At most <see cref="MaximumRank"/> extents, each at least 0.</param>
    /// <exception cref="ArgumentException">Too many extents, a negative one, or a product beyond <see cref="int.MaxValue"/>.</exception>
    public Shape(params ReadOnlySpan<int> extents)
    {
        if (extents.Length > MaximumRank)
        {
            throw new ArgumentException($"A shape has {extents.Length} dimensions; expected at most {MaximumRank}.", nameof(extents));
        }

        long count = 1;
        bool overflow = false;
        bool empty = false;
        for (int i = 0; i < extents.Length; i++)
        {
            if (extents[i] < 0)
            {
                throw new ArgumentException($"Dimension {i} of a shape is {extents[i]}; expected 0 or more.", nameof(extents));
            }

            _extents[i] = extents[i];
            empty |= extents[i] == 0;
            count *= extents[i];
            overflow |= count > int.MaxValue;
            count = Math.Min(count, (long)int.MaxValue + 1);
        }

        // A zero extent makes the whole array empty, however large the others are.
        if (overflow && !empty)
        {
            throw new ArgumentException($"Shape {Format(extents)} has more than {int.MaxValue} elements.", nameof(extents));
        }

        Rank = extents.Length;
        Count = empty ? 0 : (int)count;
    }

    /// <summary>The shape of a single number: rank 0, one element.</summary>
    public static Shape Scalar => new(ReadOnlySpan<int>.Empty);

    /// <summary>The number of dimensions.</summary>
    public int Rank { get; }

    /// <summary>The number of elements: the product of the extents, 1 for a scalar of rank 0.</summary>
    /// <remarks>The default value stands for "no shape": rank 0 and no element.</remarks>
    public int Count { get; }

    /// <summary>The extent of one dimension.</summary>
    /// <param name="dimension">From 0 to <see cref="Rank"/> − 1; negative values count from the end, −1 is the last.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such dimension.</exception>
    public int this[int dimension]
    {
        get
        {
            int index = dimension < 0 ? dimension + Rank : dimension;
            if ((uint)index >= (uint)Rank)
            {
                ThrowNoDimension(dimension);
            }

            return _extents[index];
        }
    }

    /// <summary>The number of rows when the last dimension is the row: the product of all extents but the last.</summary>
    public int RowCount => Rank == 0 ? Count : ProductBefore(Rank - 1);

    /// <summary>Compares extents.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Compares extents.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    /// <summary>The product of the extents before a dimension.</summary>
    /// <param name="dimension">From 0 to <see cref="Rank"/>.</param>
    public int ProductBefore(int dimension)
    {
        int product = 1;
        for (int i = 0; i < dimension; i++)
        {
            product *= _extents[i];
        }

        return product;
    }

    /// <summary>The product of the extents from a dimension to the last.</summary>
    /// <param name="dimension">From 0 to <see cref="Rank"/>.</param>
    public int ProductFrom(int dimension)
    {
        int product = 1;
        for (int i = dimension; i < Rank; i++)
        {
            product *= _extents[i];
        }

        return product;
    }

    /// <summary>The same shape with one extent replaced.</summary>
    /// <param name="dimension">The dimension; negative values count from the end.</param>
    /// <param name="extent">The new extent.</param>
    public Shape With(int dimension, int extent)
    {
        Span<int> extents = stackalloc int[MaximumRank];
        CopyTo(extents);
        _ = this[dimension];
        extents[dimension < 0 ? dimension + Rank : dimension] = extent;
        return new Shape(extents[..Rank]);
    }

    /// <summary>Writes the extents, outermost first.</summary>
    /// <param name="destination">At least <see cref="Rank"/> long.</param>
    public void CopyTo(Span<int> destination)
    {
        for (int i = 0; i < Rank; i++)
        {
            destination[i] = _extents[i];
        }
    }

    /// <inheritdoc/>
    public bool Equals(Shape other)
    {
        if (Rank != other.Rank || Count != other.Count)
        {
            return false;
        }

        for (int i = 0; i < Rank; i++)
        {
            if (_extents[i] != other._extents[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        for (int i = 0; i < Rank; i++)
        {
            hash.Add(_extents[i]);
        }

        return hash.ToHashCode();
    }

    /// <summary>The extents in brackets, as in "[1, 28, 28, 3]".</summary>
    public override string ToString()
    {
        Span<int> extents = stackalloc int[MaximumRank];
        CopyTo(extents);
        return Format(extents[..Rank]);
    }

    // Apart, so that reading an extent is inlined.
    [DoesNotReturn]
    private void ThrowNoDimension(int dimension) =>
        throw new ArgumentOutOfRangeException(nameof(dimension), dimension, $"Shape {this} has no dimension {dimension}; expected {-Rank} to {Rank - 1}.");

    private static string Format(ReadOnlySpan<int> extents)
    {
        StringBuilder text = new("[");
        for (int i = 0; i < extents.Length; i++)
        {
            text.Append(i == 0 ? string.Empty : ", ").Append(extents[i].ToString(CultureInfo.InvariantCulture));
        }

        return text.Append(']').ToString();
    }

    [InlineArray(MaximumRank)]
    private struct Extents
    {
        private int _first;
    }
}
