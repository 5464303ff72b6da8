using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicRouting;

/// <summary>What the candidates of one layer of a supernet share: the weights of the widest, of which narrower ones take the first inner channels.</summary>
internal sealed class CandidateWeights : Module
{
    /// <summary>Makes the weights.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="innerChannels">Inner channels of the widest candidate.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="hasShortcut">Whether the shortcut is a convolution.</param>
    public CandidateWeights(int inChannels, int innerChannels, int outChannels, bool hasShortcut)
    {
        First = AddParameter("first", new Shape(innerChannels, inChannels, CandidateBlock.Kernel, CandidateBlock.Kernel));
        Second = AddParameter("second", new Shape(outChannels, innerChannels, CandidateBlock.Kernel, CandidateBlock.Kernel));
        Shortcut = hasShortcut ? AddParameter("shortcut", new Shape(outChannels, inChannels, 1, 1)) : null;
    }

    /// <summary>[inner, in, 3, 3].</summary>
    public Parameter First { get; }

    /// <summary>[out, inner, 3, 3].</summary>
    public Parameter Second { get; }

    /// <summary>[out, in, 1, 1]; none where the shortcut is the identity.</summary>
    public Parameter? Shortcut { get; }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        Fill(First, random, 0);
        Fill(Second, random, 1);
        if (Shortcut is not null)
        {
            Fill(Shortcut, random, 2);
        }
    }

    // As HeNormalFanOut does.
    private static void Fill(Parameter weight, RandomStream random, int stream) =>
        Initializers.Normal(weight, random, MathF.Sqrt(2f / (weight.Shape[0] * weight.Shape.ProductFrom(2))), stream);
}
