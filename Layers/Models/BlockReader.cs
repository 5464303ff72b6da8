using System;
using System.Runtime.CompilerServices;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>Reads a sequence block by block; what it remembers from block to block is some tensors, each with the samples as first dimension.</summary>
internal abstract class BlockReader : Module
{
    /// <summary>The most tensors that a reader remembers.</summary>
    public const int MostSlots = 17;

    /// <summary>The number of tensors it remembers; answers are made from the first.</summary>
    public abstract int Slots { get; }

    /// <summary>Elements of what answers are made from.</summary>
    public abstract int Features { get; }

    /// <summary>Elements of all that it remembers of a sample.</summary>
    public abstract int MemoryLength { get; }

    /// <summary>MACs of some steps for one sample.</summary>
    public abstract long MacsOf(int steps);

    /// <summary>What it remembers before the first step.</summary>
    /// <param name="context">The context.</param>
    /// <param name="memory">Takes it.</param>
    /// <param name="samples">N.</param>
    public abstract void Begin(Context context, Span<Tensor> memory, int samples);

    /// <summary>Reads a block.</summary>
    /// <param name="context">The context.</param>
    /// <param name="memory">What was remembered; what is remembered now comes in its place.</param>
    /// <param name="block">[N, steps, features].</param>
    /// <param name="steps">The steps of each sample in the block, a row a sample, some may be empty; none: all.</param>
    public abstract void Read(Context context, Span<Tensor> memory, Tensor block, Selection steps);

    /// <summary>What an answer is made from, [N, <see cref="Features"/>], of what the first slot holds.</summary>
    public abstract Tensor FeaturesOf(Context context, Tensor slot);

    /// <summary>Room for what a reader remembers.</summary>
    [InlineArray(MostSlots)]
    internal struct Memory
    {
        private Tensor _first;
    }
}
