using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicRouting;

/// <summary>
/// An adaptive neural tree, a convolutional network in the shape of a tree (Tanno et al., "Adaptive neural trees", ICML 2019, section 3): edges transform
/// features, inner nodes route them, σ(r(x)) to the right, and leaves solve, softmax(s(x)). Relaxed (the paper's multi-path inference), y = log Σ over the leaves
/// of the probability of the way times the leaf's distribution; hard (single-path inference), y is the answer of the leaf that the likelier child of each router leads
/// to, and only what is on the way runs.
/// </summary>
/// <remarks>
/// <para>The tree's shape is given; growing it by validation loss is part of training. A transformer is a 3×3 convolution with normalisation, and the first ones
/// on each way halve the map by max pooling; a router is a 3×3 convolution at stride 2, a global mean and a linear layer; a solver a global mean and a linear layer.</para>
/// <para>Deviation: normalisation in transformers and routers, where the paper has none.</para>
/// </remarks>
public sealed class AdaptiveTree : Layer
{
    private readonly AdaptiveTreeNode _root;
    private readonly int _inChannels;

    /// <summary>Makes a tree.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="classes">Classes.</param>
    /// <param name="shape">The tree's shape.</param>
    /// <param name="channels">Channels of transformers.</param>
    /// <param name="routerChannels">Channels of routers.</param>
    /// <param name="reductions">How many transformers on each way halve the map.</param>
    public AdaptiveTree(int inChannels, int classes, TreeNodeShape shape, int channels, int routerChannels, int reductions)
    {
        ArgumentNullException.ThrowIfNull(shape);
        _inChannels = inChannels;
        _root = Add("root", new AdaptiveTreeNode(shape, inChannels, channels, routerChannels, classes, reductions));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        if (input.Rank != 4 || input[3] != _inChannels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, {_inChannels}].", nameof(input));
        }

        return _root.OutputShape(input);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => _root.CountMacs(input);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(context.Decisions == Engine.Execution.Decisions.Hard
            ? _root.Descend(context, input)
            : SoftDecisionTree.LogOf(context, _root.Mix(context, input, default)));
    }
}
