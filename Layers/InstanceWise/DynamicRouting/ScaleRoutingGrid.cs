using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicRouting;

/// <summary>
/// Dynamic scale routing (Li et al., "Learning dynamic routing for semantic segmentation", CVPR 2020, section 3): a grid of layers × scales. A node adds up
/// what comes to it, x = Σ α·T(h), runs its cell h = F(x), and sends h on to the same scale, the coarser and the finer one, each with a gate
/// α = max(0, tanh(G(x))) for every sample. A way whose gate is 0 is not run, nor is a cell without an open way, nor a node to which nothing comes; while
/// training as at inference, as a closed gate has no gradient.
/// </summary>
/// <remarks>
/// <para>The first layer has the finest scale alone, each further one a scale more. The result is the mean of each channel of the last layer, all scales side
/// by side; a sample that a scale was not reached by has zeros there.</para>
/// <para>Deviations: the network classifies, where the paper segments and decodes the finest scale; G pools first and is two linear layers, where the paper
/// pools two convolutions; a cell is a residual block. What it all may cost is the business of the objective: cells and ways write down gates and MACs.</para>
/// </remarks>
public sealed class ScaleRoutingGrid : Layer
{
    private const int MostScales = 8;
    private readonly ScaleNode[][] _nodes;
    private readonly int[] _channels;

    /// <summary>Makes a grid.</summary>
    /// <param name="layers">Layers, at least 1.</param>
    /// <param name="channels">Channels of each scale, finest first; at most 8.</param>
    public ScaleRoutingGrid(int layers, params ReadOnlySpan<int> channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        if (channels.Length is 0 or > MostScales)
        {
            throw new ArgumentException($"{channels.Length} scales were given; expected 1 to {MostScales}.", nameof(channels));
        }

        _channels = channels.ToArray();
        _nodes = new ScaleNode[layers][];
        for (int layer = 0; layer < layers; layer++)
        {
            _nodes[layer] = new ScaleNode[Math.Min(layer + 1, _channels.Length)];
            for (int scale = 0; scale < _nodes[layer].Length; scale++)
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"layer{layer}_scale{scale}");
                int coarser = scale + 1 < _channels.Length ? _channels[scale + 1] : 0;
                int finer = scale > 0 ? _channels[scale - 1] : 0;
                _nodes[layer][scale] = Add(name, new ScaleNode(_channels[scale], coarser, finer, layer == layers - 1));
            }
        }
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        if (input.Rank != 4 || input[3] != _channels[0])
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, {_channels[0]}].", nameof(input));
        }

        int features = 0;
        for (int scale = 0; scale < _nodes[^1].Length; scale++)
        {
            features += _channels[scale];
        }

        return new Shape(input[0], features);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        _ = OutputShape(input);
        long macs = 0;
        foreach (ScaleNode[] layer in _nodes)
        {
            for (int scale = 0; scale < layer.Length; scale++)
            {
                macs += layer[scale].CountMacs(MapOf(input.With(0, 1), scale));
            }
        }

        return input[0] * macs;
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        _ = OutputShape(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensors here = default;
        Tensors there = default;
        Selections arrived = default;
        Selections sent = default;
        Span<Tensor> features = here;
        Span<Tensor> next = there;
        Span<Selection> alive = arrived;
        Span<Selection> reached = sent;
        features[0] = input;
        alive[0] = Selection.All(1, input.Shape[0]);
        for (int layer = 0; layer + 1 < _nodes.Length; layer++)
        {
            reached.Clear();
            for (int scale = 0; scale < _nodes[layer + 1].Length; scale++)
            {
                next[scale] = context.Workspace.RentZeros(MapOf(input.Shape, scale));
            }

            for (int scale = 0; scale < _nodes[layer].Length; scale++)
            {
                RouteNode(context, _nodes[layer][scale], features[scale], alive[scale], next, reached, scale);
            }

            next.CopyTo(features);
            reached.CopyTo(alive);
        }

        for (int scale = 0; scale < _nodes[^1].Length; scale++)
        {
            next[scale] = Pool(context, _nodes[^1][scale], features[scale], alive[scale]);
        }

        return scope.Keep(context.Concat(1, next[.._nodes[^1].Length]));
    }

    private static void RouteNode(Context context, ScaleNode node, Tensor features, Selection alive, Span<Tensor> next, Span<Selection> reached, int scale)
    {
        int samples = features.Shape[0];
        long macs = node.CountMacs(features.Shape.With(0, 1));
        if (!alive.Exists)
        {
            context.Count(samples, 0, macs);
            return;
        }

        Gating.CountSkipped(context, alive, samples, macs);
        Selection outer = context.Samples;
        Tensor arrived = alive.Count == samples ? features : context.GatherSamples(features, alive);
        context.Samples = context.Workspace.Nest(outer, alive);
        try
        {
            node.Route(context, arrived, alive, next, reached, scale);
        }
        finally
        {
            context.Samples = outer;
        }
    }

    // The last layer: all that has come runs through the cell and is pooled.
    private static Tensor Pool(Context context, ScaleNode node, Tensor features, Selection alive)
    {
        int samples = features.Shape[0];
        long macs = node.CountMacs(features.Shape.With(0, 1));
        if (!alive.Exists)
        {
            context.Count(samples, 0, macs);
            return context.Workspace.RentZeros(new Shape(samples, features.Shape[3]));
        }

        Gating.CountSkipped(context, alive, samples, macs);
        Tensor pooled = context.GlobalAveragePool(BranchDispatch.RunFor(context, alive, features, node.Cell));
        return alive.Count == samples ? pooled : context.ScatterSamples(pooled, alive);
    }

    private Shape MapOf(Shape input, int scale)
    {
        int height = input[1];
        int width = input[2];
        for (int i = 0; i < scale; i++)
        {
            height = (height + 1) / 2;
            width = (width + 1) / 2;
        }

        return new Shape(input[0], height, width, _channels[scale]);
    }

    [System.Runtime.CompilerServices.InlineArray(MostScales)]
    private struct Tensors
    {
        private Tensor _first;
    }

    [System.Runtime.CompilerServices.InlineArray(MostScales)]
    private struct Selections
    {
        private Selection _first;
    }
}
