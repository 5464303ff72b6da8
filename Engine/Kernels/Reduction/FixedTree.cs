using System;
using System.Numerics.Tensors;

namespace ManagedDyn.Engine.Kernels.Reduction;

/// <summary>
/// Adds up partial sums along a fixed tree, so that the bits of a sum depend on how many parts there are and never on who computed
/// them or when: part i takes part i + 1 for even i, then i + 2 for multiples of four, and so on.
/// </summary>
public static class FixedTree
{
    // A stretch of every part stays in the nearest caches while the tree is climbed.
    private const int Stretch = 1024;

    /// <summary>Adds all parts into the first; the others are overwritten.</summary>
    /// <param name="parts">Shape [count, length], row-major.</param>
    /// <param name="count">The number of parts, at least 1.</param>
    /// <param name="length">The elements of each part.</param>
    /// <exception cref="ArgumentException">The span is shorter than count · length.</exception>
    public static void Sum(Span<float> parts, int count, int length) => Sum(parts, count, length, 0, length);

    /// <summary>Adds the elements from <paramref name="from"/> to <paramref name="to"/> of all parts into the first part.</summary>
    /// <param name="parts">Shape [count, length], row-major.</param>
    /// <param name="count">The number of parts, at least 1.</param>
    /// <param name="length">The elements of each part.</param>
    /// <param name="from">The first element.</param>
    /// <param name="to">The element after the last.</param>
    /// <exception cref="ArgumentException">The span is shorter than count · length, or the range is not in a part.</exception>
    public static void Sum(Span<float> parts, int count, int length, int from, int to)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (parts.Length < (long)count * length)
        {
            throw new ArgumentException($"The parts hold {parts.Length} elements; expected {count} x {length}.", nameof(parts));
        }
        if (from < 0 || to < from || to > length)
        {
            throw new ArgumentOutOfRangeException(nameof(to), $"The range {from}..{to} is not within the {length} elements of a part.");
        }
        for (int start = from; start < to; start += Stretch)
        {
            int size = Math.Min(Stretch, to - start);
            for (int step = 1; step < count; step *= 2)
            {
                for (int i = 0; i + step < count; i += 2 * step)
                {
                    Span<float> sum = parts.Slice((i * length) + start, size);
                    TensorPrimitives.Add(sum, parts.Slice(((i + step) * length) + start, size), sum);
                }
            }
        }
    }
}
