using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Gates;
using ManagedDyn.Layers.Decisions.Policies;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Residual networks of any depth that decide for each sample which blocks run: SkipNet (Wang et al., ECCV 2018), ConvNet-AIG (Veit and Belongie, ECCV 2018),
/// BlockDrop (Wu et al., CVPR 2018), and adaptive computation time in each group (Figurnov et al., CVPR 2017, section 3.1).
/// </summary>
/// <remarks>
/// Blocks that change size or width run always, as skipping them has no meaning. Skipping networks name their parameters as <see cref="ResNet.Create"/> does,
/// so that weights of the static network can be loaded into them.
/// </remarks>
public static class GatedResNet
{
    private const int PooledWidth = 16;
    private const int RecurrentWidth = 10;
    private const int PolicyWidth = 8;

    /// <summary>Makes a network.</summary>
    /// <param name="options">The sizes.</param>
    /// <param name="relaxation">How decisions are trained; none: as the method's paper has it. Halting scores need none.</param>
    /// <param name="opened">For a policy network, the share of blocks that it decides about, from the last; none: all from the start.</param>
    public static IntermediateClassifiers Create(GatedResNetOptions options, BinaryRelaxation? relaxation = null, Annealing? opened = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        ResNetOptions backbone = options.Backbone;
        Layer trunk = options.Method == SkippingMethod.Halting ? HaltingTrunk(options) : GatedTrunk(options, relaxation, opened);
        Shape sample = new(backbone.Height, backbone.Width, backbone.InputChannels);
        return new IntermediateClassifiers(sample, [trunk], [ResNet.Classifier(backbone.Channels[^1], backbone.Classes)]) { Recipe = options };
    }

    private static GatedSequence GatedTrunk(GatedResNetOptions options, BinaryRelaxation? relaxation, Annealing? opened)
    {
        ResNetOptions backbone = options.Backbone;
        List<Layer> layers = [new ConvBlock(backbone.InputChannels, backbone.Channels[0], 3, backbone.StemStride)];
        List<bool> isGated = [false];
        List<int> channels = [];
        for (int group = 0; group < backbone.Channels.Length; group++)
        {
            ResNet.AddGroup(layers, backbone, group);
            for (int block = 0; block < backbone.Blocks[group]; block++)
            {
                bool keepsShape = block > 0 || group == 0;
                isGated.Add(keepsShape);
                if (keepsShape)
                {
                    channels.Add(backbone.Channels[group]);
                }
            }
        }

        return new GatedSequence(layers.ToArray(), isGated.ToArray(), Policy(options, channels.ToArray(), relaxation, opened));
    }

    private static LayerPolicy Policy(GatedResNetOptions options, int[] channels, BinaryRelaxation? relaxation, Annealing? opened)
    {
        if (options.Method == SkippingMethod.Recurrent)
        {
            return new RecurrentGate(channels, Width(options, RecurrentWidth), options.Openness, relaxation);
        }

        if (options.Method == SkippingMethod.Policy)
        {
            int width = Width(options, PolicyWidth);
            return new PolicyNetwork(channels.Length, options.Backbone.InputChannels, [width, 2 * width], options.Openness, relaxation, opened);
        }

        DecisionRule[] rules = new DecisionRule[channels.Length];
        for (int i = 0; i < rules.Length; i++)
        {
            rules[i] = options.Method == SkippingMethod.FeedForward
                ? new FeedForwardGate(channels[i], options.GateConvolutions, options.GateWidth, options.Openness, relaxation)
                : new PooledGate(channels[i], Width(options, PooledWidth), options.Openness, relaxation);
        }

        return new SeparateGates(rules);
    }

    private static int Width(GatedResNetOptions options, int usual) => options.GateWidth == 0 ? usual : options.GateWidth;

    private static Sequential HaltingTrunk(GatedResNetOptions options)
    {
        ResNetOptions backbone = options.Backbone;
        List<Layer> layers = [new ConvBlock(backbone.InputChannels, backbone.Channels[0], 3, backbone.StemStride)];
        for (int group = 0; group < backbone.Channels.Length; group++)
        {
            List<Layer> blocks = [];
            ResNet.AddGroup(blocks, backbone, group);
            layers.Add(new HaltingSequence(backbone.Channels[group], blocks.ToArray(), options.HaltingEpsilon, options.HaltingStart));
        }

        return new Sequential(layers.ToArray());
    }
}
