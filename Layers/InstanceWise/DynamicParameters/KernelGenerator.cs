using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// The hypernetwork that makes the kernels of a convolutional network from embeddings: for input channel i, a_i = W_in,i z + B_in,i and the slice
/// K_i = W_out a_i + B_out of [out, k, k]; kernel[o, i] = K_i[o] (Ha, Dai and Le, "HyperNetworks", ICLR 2017, section 3.1, equation 2).
/// </summary>
/// <remarks>Several layers may share one: that is what makes a network of few parameters. Layers of more channels put blocks of kernels together, each from an embedding of its own.</remarks>
public sealed class KernelGenerator : Module
{
    private readonly Parameter _inWeight;
    private readonly Parameter _inBias;
    private readonly Parameter _outWeight;
    private readonly Parameter _outBias;

    /// <summary>Makes a hypernetwork.</summary>
    /// <param name="inChannels">Input channels of one block of kernels.</param>
    /// <param name="outChannels">Output channels of one block of kernels.</param>
    /// <param name="kernel">Rows and columns of the kernels.</param>
    /// <param name="embedding">Elements of an embedding z.</param>
    /// <param name="hidden">Elements of a_i.</param>
    public KernelGenerator(int inChannels, int outChannels, int kernel, int embedding = 16, int hidden = 16)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inChannels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outChannels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(kernel, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(embedding, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(hidden, 1);
        InChannels = inChannels;
        OutChannels = outChannels;
        Kernel = kernel;
        Embedding = embedding;
        Hidden = hidden;
        _inWeight = AddParameter("w_in", new Shape(inChannels, hidden, embedding));
        _inBias = AddParameter("b_in", new Shape(inChannels, hidden), decays: false);
        _outWeight = AddParameter("w_out", new Shape(checked(outChannels * kernel * kernel), hidden));
        _outBias = AddParameter("b_out", new Shape(outChannels * kernel * kernel), decays: false);
    }

    /// <summary>Input channels of one block of kernels.</summary>
    public int InChannels { get; }

    /// <summary>Output channels of one block of kernels.</summary>
    public int OutChannels { get; }

    /// <summary>Rows and columns of the kernels.</summary>
    public int Kernel { get; }

    /// <summary>Elements of an embedding.</summary>
    public int Embedding { get; }

    /// <summary>Elements of a_i.</summary>
    public int Hidden { get; }

    /// <summary>Makes a kernel; differentiable in the embeddings and the hypernetwork. No MACs are counted: no sample causes them.</summary>
    /// <param name="context">The context.</param>
    /// <param name="embeddings">z, [blocks of output channels · blocks of input channels, embedding].</param>
    /// <param name="outBlocks">Blocks of output channels.</param>
    /// <param name="inBlocks">Blocks of input channels.</param>
    /// <returns>[outBlocks · out, inBlocks · in, kernel, kernel].</returns>
    /// <exception cref="ArgumentException">The embeddings have another shape.</exception>
    public Tensor Generate(Context context, Tensor embeddings, int outBlocks = 1, int inBlocks = 1)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (embeddings.Shape != new Shape(outBlocks * inBlocks, Embedding))
        {
            throw new ArgumentException($"The embeddings have shape {embeddings.Shape}; expected {new Shape(outBlocks * inBlocks, Embedding)}.", nameof(embeddings));
        }

        ComputeMeter? meter = context.Meter;
        context.Meter = null;
        try
        {
            using WorkspaceScope scope = context.Workspace.Enter();
            Tensor kernel = scope.Keep(Blocks(context, embeddings, outBlocks, inBlocks));
            return kernel.Reshape(new Shape(outBlocks * OutChannels, inBlocks * InChannels, Kernel, Kernel));
        }
        finally
        {
            context.Meter = meter;
        }
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        // With embeddings and a_i of variance 1 the kernels have the variance of a block's He initialisation.
        Initializers.Normal(_inWeight, random, 1f / MathF.Sqrt(Embedding));
        Initializers.Normal(_outWeight, random, KernelInitializers.Deviation(OutChannels, Kernel, 1) / MathF.Sqrt(Hidden), stream: 1);
        _inBias.Value.Span.Clear();
        _outBias.Value.Span.Clear();
    }

    private Tensor Blocks(Context context, Tensor embeddings, int outBlocks, int inBlocks)
    {
        Tensor inner = context.Linear(
            embeddings, _inWeight.Value.Reshape(new Shape(InChannels * Hidden, Embedding)), _inBias.Value.Reshape(new Shape(InChannels * Hidden)));
        Tensor slices = context.Linear(inner.Reshape(new Shape(embeddings.Shape[0] * InChannels, Hidden)), _outWeight.Value, _outBias.Value);
        return context.Permute(slices.Reshape(new Shape(outBlocks, inBlocks, InChannels, OutChannels, Kernel * Kernel)), 0, 3, 1, 2, 4);
    }
}
