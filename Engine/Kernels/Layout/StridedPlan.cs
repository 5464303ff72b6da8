using System;
using ManagedDyn.Engine.Kernels.Elementwise;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Kernels.Layout;

/// <summary>
/// Which element of one array belongs to which of another: for each index within some extents, the place in either array is a start plus
/// index · stride over the dimensions. Permuting, cutting, padding, flipping, repeating and joining tensors are all such plans.
/// </summary>
public readonly struct StridedPlan
{
    private readonly Extents _extents;
    private readonly Extents _source;
    private readonly Extents _target;

    /// <summary>Makes a plan. Neighbouring dimensions that are one in both arrays are taken as one.</summary>
    /// <param name="extents">The extents that are walked through, outermost first.</param>
    /// <param name="sourceStart">The source element of index 0.</param>
    /// <param name="sourceStrides">The source elements from one index to the next; 0 repeats, negative runs backward.</param>
    /// <param name="targetStart">The target element of index 0.</param>
    /// <param name="targetStrides">The target elements from one index to the next.</param>
    /// <exception cref="ArgumentException">The numbers of strides differ from the number of extents.</exception>
    public StridedPlan(Shape extents, int sourceStart, ReadOnlySpan<int> sourceStrides, int targetStart, ReadOnlySpan<int> targetStrides)
    {
        if (sourceStrides.Length != extents.Rank || targetStrides.Length != extents.Rank)
        {
            throw new ArgumentException($"There are {sourceStrides.Length} and {targetStrides.Length} strides for extents {extents}; expected {extents.Rank} each.");
        }

        int last = -1;
        Extents merged = default;
        Extents source = default;
        Extents target = default;

        // From the innermost dimension outward; the arrays hold the innermost first.
        for (int i = extents.Rank - 1; i >= 0; i--)
        {
            int extent = extents[i];
            if (extent == 1)
            {
                continue;
            }

            if (last >= 0 && sourceStrides[i] == source[last] * merged[last] && targetStrides[i] == target[last] * merged[last])
            {
                merged[last] *= extent;
                continue;
            }

            last++;
            merged[last] = extent;
            source[last] = sourceStrides[i];
            target[last] = targetStrides[i];
        }

        if (last < 0)
        {
            last = 0;
            merged[0] = 1;
            source[0] = 1;
            target[0] = 1;
        }

        Rank = last + 1;
        Count = extents.Count;
        SourceStart = sourceStart;
        TargetStart = targetStart;
        _extents = merged;
        _source = source;
        _target = target;
    }

    private StridedPlan(in StridedPlan plan)
    {
        Rank = plan.Rank;
        Count = plan.Count;
        SourceStart = plan.TargetStart;
        TargetStart = plan.SourceStart;
        _extents = plan._extents;
        _source = plan._target;
        _target = plan._source;
    }

    /// <summary>The number of elements moved.</summary>
    public int Count { get; }

    /// <summary>The number of dimensions, neighbours merged; at least 1.</summary>
    internal int Rank { get; }

    internal int SourceStart { get; }

    internal int TargetStart { get; }

    /// <summary>The extent by which work may be cut into parts: that of the outermost dimension, or 1 where its target elements are the same.</summary>
    internal int OuterExtent => Count == 0 ? 0 : Target(Rank - 1) == 0 ? 1 : Extent(Rank - 1);

    /// <summary>The plan of the way back: source and target change places.</summary>
    public StridedPlan Reversed() => new(in this);

    /// <summary>The plan of some indices of the outermost dimension.</summary>
    internal StridedPlan Part(int from, int to)
    {
        int outer = Rank - 1;
        if (from == 0 && to == OuterExtent)
        {
            return this;
        }

        Span<int> source = stackalloc int[Rank];
        Span<int> target = stackalloc int[Rank];
        Span<int> extents = stackalloc int[Rank];
        for (int i = 0; i < Rank; i++)
        {
            extents[outer - i] = _extents[i];
            source[outer - i] = _source[i];
            target[outer - i] = _target[i];
        }

        extents[0] = to - from;
        return new StridedPlan(new Shape(extents), SourceStart + (from * source[0]), source, TargetStart + (from * target[0]), target);
    }

    /// <summary>An extent, the innermost first.</summary>
    internal int Extent(int dimension) => _extents[dimension];

    /// <summary>A stride in the source, the innermost first.</summary>
    internal int Source(int dimension) => _source[dimension];

    /// <summary>A stride in the target, the innermost first.</summary>
    internal int Target(int dimension) => _target[dimension];
}
