using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.InstanceWise.DynamicWidth;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Residual mixtures of experts one after another, each behind a layer that brings features to its width, and a classifier: fully connected experts on vectors, or
/// convolutional ones on maps, which are branches of residual blocks (Shazeer et al., "Outrageously large neural networks", ICLR 2017; Fedus et al., "Switch
/// transformers", JMLR 2022). The static form has in place of each mixture one branch as wide as all its experts.
/// </summary>
public static class MixtureNet
{
    /// <summary>Builds a network.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">They make no network.</exception>
    public static SingleStage Create(MixtureNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        List<Layer> layers = options.IsConvolutional ? [] : [new Rows()];
        int inputs = options.IsConvolutional ? options.InputChannels : options.Height * options.Width * options.InputChannels;
        for (int i = 0; i < options.Channels.Length; i++)
        {
            int channels = options.Channels[i];
            layers.Add(options.IsConvolutional
                ? new ConvBlock(inputs, channels, 3, 2)
                : new Sequential(new Linear(inputs, channels, bias: false), new BatchNorm2d(channels), new Activate(ActivationFunction.Relu)));
            layers.Add(Mixture(options, channels, options.Hidden[i]));
            if (!options.IsConvolutional)
            {
                // Fully connected experts have no normalisation of their own.
                layers.Add(new BatchNorm2d(channels));
            }

            inputs = channels;
        }

        if (options.IsConvolutional)
        {
            layers.Add(new GlobalAveragePool());
        }

        layers.Add(new Linear(inputs, options.Classes));
        return new SingleStage(new Shape(options.Height, options.Width, options.InputChannels), new Sequential([.. layers])) { Recipe = options };
    }

    private static MixtureOfExperts Mixture(MixtureNetOptions options, int channels, int hidden)
    {
        if (options.Gating == ExpertGating.Static)
        {
            return new MixtureOfExperts(new WholeGate(), true, Expert(options, channels, hidden * options.Experts));
        }

        if (options.Gating == ExpertGating.Hierarchical)
        {
            Layer[] groups = new Layer[options.Groups];
            int each = options.Experts / options.Groups;
            for (int g = 0; g < groups.Length; g++)
            {
                groups[g] = new MixtureOfExperts(new NoisyTopKGate(channels, each, options.Chosen), false, Experts(options, channels, hidden, each));
            }

            return new MixtureOfExperts(new NoisyTopKGate(channels, options.Groups, options.Chosen), true, groups);
        }

        DecisionRule gate = options.Gating switch
        {
            ExpertGating.Soft => new SoftExpertGate(channels, options.Experts),
            ExpertGating.Switch => new SwitchGate(channels, options.Experts, (float)options.Capacity),
            _ => new NoisyTopKGate(channels, options.Experts, options.Chosen),
        };
        return new MixtureOfExperts(gate, true, Experts(options, channels, hidden, options.Experts));
    }

    private static Layer[] Experts(MixtureNetOptions options, int channels, int hidden, int count)
    {
        Layer[] experts = new Layer[count];
        for (int e = 0; e < count; e++)
        {
            experts[e] = Expert(options, channels, hidden);
        }

        return experts;
    }

    private static Layer Expert(MixtureNetOptions options, int channels, int hidden) => options.IsConvolutional
        ? MixtureOfExperts.Convolutional(channels, hidden)
        : MixtureOfExperts.FullyConnected(channels, hidden, channels);

    /// <summary>Images as vectors.</summary>
    private sealed class Rows : Layer
    {
        public override Shape OutputShape(Shape input) => new(input[0], input.ProductFrom(1));

        public override long CountMacs(Shape input) => 0;

        protected override Tensor Run(Context context, Tensor input) => context.Flatten(input);
    }

    /// <summary>The gate of one expert: it is always open.</summary>
    private sealed class WholeGate : DecisionRule
    {
        public override Decision Decide(Context context, Tensor features)
        {
            Tensor gates = context.Workspace.Rent(new Shape(features.Shape[0], 1));
            gates.Span.Fill(1);
            return new Decision(default, gates);
        }

        public override long CountMacs(Shape features) => 0;
    }
}
