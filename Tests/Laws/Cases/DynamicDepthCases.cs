using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Decisions.Gates;
using ManagedDyn.Layers.Decisions.Policies;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>The layers of Layers/InstanceWise/DynamicDepth that the laws are tested on.</summary>
internal static class DynamicDepthCases
{
    private const double GateTolerance = 3e-2;

    private static readonly BinaryRelaxation Soft = new SigmoidRelaxation(isHard: false);

    public static readonly IReadOnlyList<LayerCase> All =
    [
        new("gated sequence, pooled gates", typeof(GatedSequence), () => Gated(new SeparateGates(new PooledGate(6, 4, 0.1f, Soft), new PooledGate(6, 4, -0.1f, Soft))), 6, 5, 6)
        {
            Skips = true,
            GradientTolerance = GateTolerance,
            Prepare = Matter,
            ChecksTrainMode = false,
        },
        new("gated sequence, feed-forward gates", typeof(GatedSequence), () => Gated(new SeparateGates(new FeedForwardGate(6, 2, 4, 0.1f, Soft), new FeedForwardGate(6, 1, 0, -0.1f, Soft))), 4, 4, 6)
        {
            Skips = true,

            // What gates with rectifiers make of small steps drowns in rounding here; their gradients are tested alone.
            HasSurrogateGradients = true,
        },
        new("gated sequence, recurrent gate", typeof(GatedSequence), () => Gated(new RecurrentGate([6, 6], 5, 0f, Soft)), 6, 5, 6)
        {
            Skips = true,
            GradientTolerance = GateTolerance,
            Prepare = Matter,
        },
        new("gated sequence, policy network", typeof(GatedSequence), () => Gated(new PolicyNetwork(2, 6, [4, 5], 0f, Soft)), 4, 4, 6)
        {
            Skips = true,

            // What gates with rectifiers make of small steps drowns in rounding here; their gradients are tested alone.
            HasSurrogateGradients = true,
        },
        new("gated sequence, straight-through Gumbel", typeof(GatedSequence), () => Gated(new SeparateGates(new PooledGate(6, 4, 0.1f), new PooledGate(6, 4, -0.1f))), 6, 5, 6)
        {
            Skips = true,

            // Hard weights with the gradient of soft ones.
            HasSurrogateGradients = true,
        },
        new("gated sequence, gates by confidence", typeof(GatedSequence), () => Gated(new SeparateGates(Confidence(), Confidence())), 6, 5, 6)
        {
            Skips = true,
            WithoutGradient = ["policy.0.classifier.1.weight", "policy.0.classifier.1.bias", "policy.1.classifier.1.weight", "policy.1.classifier.1.bias"],
            GradientStep = 5e-4f,
        },
        new("halting sequence", typeof(HaltingSequence), () => new HaltingSequence(5, [Smooth(3, 5), Smooth(5, 5), Smooth(5, 5)], start: -0.4f), 6, 5, 3)
        {
            Skips = true,
            Prepare = layer => Scale(layer, "score", 60),
            GradientStep = 5e-4f,
        },
        new("mixed pooling classifier", typeof(MixedPoolClassifier), () => new MixedPoolClassifier(new Shape(5, 3, 4), 3, 2), 5, 3, 4),
    ];

    private static GatedSequence Gated(LayerPolicy policy) =>
        new([Smooth(6, 6), Smooth(6, 6), Smooth(6, 6), new Conv2d(6, 8, 3, 2)], [false, true, true, false], policy);

    // Rectifiers in every branch would leave few places without a kink to compare gradients at.
    private static ConvBlock Smooth(int inChannels, int outChannels) => new(inChannels, outChannels, 3, activation: Activation.None);

    private static ConfidenceGate Confidence() => new(new Sequential(new GlobalAveragePool(), new Linear(6, 3)), new MaxProbability(), 0.4f);

    // Branches far from the identity, so that gates change the output by much: differences of little drown in rounding.
    private static void Matter(Layer layer)
    {
        Scale(layer, "1.norm", 9);
        Scale(layer, "2.norm", 9);
    }

    private static void Scale(Layer layer, string part, float factor)
    {
        foreach ((string path, Parameter parameter) in layer.NamedParameters())
        {
            if (path.Contains(part, StringComparison.Ordinal) && path.EndsWith("weight", StringComparison.Ordinal))
            {
                foreach (ref float value in parameter.Value.Span)
                {
                    value *= factor;
                }
            }
        }
    }
}
