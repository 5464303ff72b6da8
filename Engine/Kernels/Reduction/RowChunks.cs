using System;

namespace ManagedDyn.Engine.Kernels.Reduction;

/// <summary>
/// Cuts rows into chunks by their number and length alone, so that what is summed chunk by chunk has the same bits for any number of threads.
/// A chunk stays in a core's own cache while it is read more than once.
/// </summary>
public readonly struct RowChunks
{
    private const int ChunkElements = 1 << 15;
    private const int MaximumChunks = 1024;

    private readonly int _size;

    /// <summary>Cuts rows.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="rowElements">The elements of a row.</param>
    public RowChunks(int rows, int rowElements)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(rowElements);
        Rows = rows;
        _size = Math.Max(Math.Max(1, ChunkElements / Math.Max(1, rowElements)), (int)(((long)rows + MaximumChunks - 1) / MaximumChunks));
        Count = (int)(((long)rows + _size - 1) / _size);
    }

    /// <summary>The number of rows.</summary>
    public int Rows { get; }

    /// <summary>The number of chunks; none for no rows.</summary>
    public int Count { get; }

    /// <summary>The first row of a chunk.</summary>
    /// <param name="chunk">The chunk.</param>
    public int From(int chunk) => chunk * _size;

    /// <summary>The row after a chunk's last.</summary>
    /// <param name="chunk">The chunk.</param>
    public int To(int chunk) => (int)Math.Min((long)Rows, ((long)chunk + 1) * _size);
}
