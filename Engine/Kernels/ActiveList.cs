using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels;

/// <summary>Which pixels or channels of one sample a kernel takes; the default value is all of them.</summary>
public readonly ref struct ActiveList
{
    private ActiveList(ReadOnlySpan<int> indices, bool isCompact)
    {
        Indices = indices;
        IsCompact = isCompact;
        IsListed = true;
    }

    /// <summary>Everything, without a list.</summary>
    public static ActiveList All => default;

    /// <summary>The active indices, ascending; empty when there is no list.</summary>
    public ReadOnlySpan<int> Indices { get; }

    /// <summary>Whether there is a list; otherwise everything is active.</summary>
    public bool IsListed { get; }

    /// <summary>
    /// Whether the array holds only what is active, side by side. Otherwise it has its full width: a reader skips what is not active, a
    /// writer leaves it as it is.
    /// </summary>
    public bool IsCompact { get; }

    /// <summary>What is listed, in an array of full width.</summary>
    /// <param name="indices">Ascending and distinct; none is allowed.</param>
    public static ActiveList Of(ReadOnlySpan<int> indices) => new(indices, false);

    /// <summary>What is listed, in an array that holds nothing else.</summary>
    /// <param name="indices">Ascending and distinct; none is allowed.</param>
    public static ActiveList CompactOf(ReadOnlySpan<int> indices) => new(indices, true);

    /// <summary>The number of active indices.</summary>
    /// <param name="universe">How many there could be.</param>
    public int Count(int universe) => IsListed ? Indices.Length : universe;

    /// <summary>The number of indices that the array has room for.</summary>
    /// <param name="universe">How many there could be.</param>
    public int Width(int universe) => IsCompact ? Indices.Length : universe;

    /// <summary>Checks that the list ascends and stays within its universe: kernels read and write where it points, unchecked.</summary>
    /// <param name="universe">How many indices there could be.</param>
    /// <param name="what">What is listed, in words.</param>
    /// <exception cref="ArgumentException">It does not.</exception>
    internal void Check(int universe, string what)
    {
        // Whole vectors, each beside the one that starts an index later; what does not ascend is then looked for one by one.
        ReadOnlySpan<int> list = Indices;
        int ascending = 0;
        while (ascending + Vector<int>.Count < list.Length
            && Vector.LessThanAll(new Vector<int>(list[ascending..]), new Vector<int>(list[(ascending + 1)..])))
        {
            ascending += Vector<int>.Count;
        }

        int previous = -1;
        if (ascending > 0 && list[0] >= 0 && list[ascending] < universe)
        {
            previous = list[ascending];
            list = list[(ascending + 1)..];
        }

        foreach (int index in list)
        {
            if (index <= previous || index >= universe)
            {
                throw new ArgumentException($"A list of {what} has {index} after {previous}; expected ascending values below {universe}.");
            }

            previous = index;
        }
    }
}
