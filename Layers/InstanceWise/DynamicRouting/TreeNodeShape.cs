using System;
using System.Collections.Generic;

namespace ManagedDyn.Layers.InstanceWise.DynamicRouting;

/// <summary>
/// The shape of an <see cref="AdaptiveTree"/>: a node is the number of transformers on the edge that leads to it, and either a leaf or a split in two. A
/// shape never changes; growing makes a new one.
/// </summary>
public sealed class TreeNodeShape
{
    /// <summary>The most nodes of a tree.</summary>
    public const int MaximumNodes = 511;

    /// <summary>The most transformers on an edge.</summary>
    public const int MaximumTransformers = 32;

    private const int MaximumDepth = 32;

    /// <summary>Makes a leaf.</summary>
    /// <param name="transformers">Transformers on the edge that leads to it.</param>
    public TreeNodeShape(int transformers)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(transformers);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(transformers, MaximumTransformers);
        Transformers = transformers;
    }

    /// <summary>Makes a split.</summary>
    /// <param name="transformers">Transformers on the edge that leads to it.</param>
    /// <param name="left">Where samples go that its router does not send right.</param>
    /// <param name="right">Where its router sends samples.</param>
    public TreeNodeShape(int transformers, TreeNodeShape left, TreeNodeShape right)
        : this(transformers)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        Left = left;
        Right = right;
    }

    /// <summary>Transformers on the edge that leads to the node.</summary>
    public int Transformers { get; }

    /// <summary>The left child; null for a leaf.</summary>
    public TreeNodeShape? Left { get; }

    /// <summary>The right child; null for a leaf.</summary>
    public TreeNodeShape? Right { get; }

    /// <summary>Whether the node is a leaf.</summary>
    public bool IsLeaf => Left is null;

    /// <summary>Nodes, this one and all below.</summary>
    public int NodeCount => IsLeaf ? 1 : 1 + Left!.NodeCount + Right!.NodeCount;

    /// <summary>Reads a tree from its nodes in preorder: transformers of a leaf, or −1 − transformers of a split, which its children follow.</summary>
    /// <param name="nodes">The nodes.</param>
    /// <exception cref="ArgumentException">They are no tree.</exception>
    public static TreeNodeShape Parse(ReadOnlySpan<int> nodes)
    {
        int next = 0;
        TreeNodeShape root = Parse(nodes, ref next, 0);
        return next == nodes.Length ? root : throw new ArgumentException($"{nodes.Length} nodes were given, but the tree ends after {next}.", nameof(nodes));
    }

    /// <summary>The nodes in preorder, as <see cref="Parse(ReadOnlySpan{int})"/> reads them.</summary>
    public int[] ToNodes()
    {
        List<int> nodes = [];
        Collect(nodes);
        return [.. nodes];
    }

    /// <summary>The tree with one of its leaves made a split of two leaves.</summary>
    /// <param name="leaf">The leaf, from 0, left to right.</param>
    public TreeNodeShape Split(int leaf) => Replace(leaf, static old => new TreeNodeShape(old.Transformers, new TreeNodeShape(1), new TreeNodeShape(1)));

    /// <summary>The tree with one transformer more on the edge that leads to one of its leaves.</summary>
    /// <param name="leaf">The leaf, from 0, left to right.</param>
    public TreeNodeShape Extend(int leaf) => Replace(leaf, static old => new TreeNodeShape(old.Transformers + 1));

    /// <summary>The way to a leaf, such as ".left.right"; empty when the tree is one leaf.</summary>
    /// <param name="leaf">The leaf, from 0, left to right.</param>
    internal string PathOf(int leaf)
    {
        int left = Left?.LeafCount ?? 0;
        return IsLeaf ? string.Empty : leaf < left ? ".left" + Left!.PathOf(leaf) : ".right" + Right!.PathOf(leaf - left);
    }

    /// <summary>Transformers on the edge that leads to a leaf.</summary>
    /// <param name="leaf">The leaf, from 0, left to right.</param>
    internal int TransformersOf(int leaf)
    {
        int left = Left?.LeafCount ?? 0;
        return IsLeaf ? Transformers : leaf < left ? Left!.TransformersOf(leaf) : Right!.TransformersOf(leaf - left);
    }

    /// <summary>Leaves, of this node and below.</summary>
    public int LeafCount => IsLeaf ? 1 : Left!.LeafCount + Right!.LeafCount;

    private static TreeNodeShape Parse(ReadOnlySpan<int> nodes, ref int next, int depth)
    {
        if (nodes.Length > MaximumNodes || depth > MaximumDepth || next >= nodes.Length)
        {
            throw new ArgumentException($"The tree of {nodes.Length} nodes goes on after node {next} at depth {depth}; expected at most {MaximumNodes} nodes, depth {MaximumDepth}, and two children for each split.", nameof(nodes));
        }

        int node = nodes[next++];
        int transformers = node < 0 ? -1 - node : node;
        if (transformers > MaximumTransformers)
        {
            throw new ArgumentException($"Node {next - 1} has {transformers} transformers; expected 0 to {MaximumTransformers}.", nameof(nodes));
        }

        return node >= 0 ? new TreeNodeShape(transformers) : new TreeNodeShape(transformers, Parse(nodes, ref next, depth + 1), Parse(nodes, ref next, depth + 1));
    }

    private void Collect(List<int> nodes)
    {
        nodes.Add(IsLeaf ? Transformers : -1 - Transformers);
        Left?.Collect(nodes);
        Right?.Collect(nodes);
    }

    private TreeNodeShape Replace(int leaf, Func<TreeNodeShape, TreeNodeShape> change)
    {
        if (IsLeaf)
        {
            return leaf == 0 ? change(this) : throw new ArgumentOutOfRangeException(nameof(leaf), leaf, "Expected one of the leaves.");
        }

        int left = Left!.LeafCount;
        return leaf < left
            ? new TreeNodeShape(Transformers, Left.Replace(leaf, change), Right!)
            : new TreeNodeShape(Transformers, Left, Right!.Replace(leaf - left, change));
    }
}
