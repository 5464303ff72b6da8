using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.TemporalWise.Text;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>Layers of Layers/TemporalWise that the laws are tested on.</summary>
internal static class TemporalWiseCases
{
    public static readonly IReadOnlyList<LayerCase> All =
    [
        // Updates pass gradients straight through.
        new("skip lstm", typeof(SkipRnn), () => new SkipRnn(RecurrentKind.Lstm, 4, 7, updateBias: -0.6f), 9, 4) { Skips = true, HasSurrogateGradients = true },
        new("skip gru", typeof(SkipRnn), () => new SkipRnn(RecurrentKind.Gru, 4, 7, updateBias: -0.6f), 9, 4) { Skips = true, HasSurrogateGradients = true },

        // The noise of the gate is that of the step: the relaxation is the function itself.
        new("skim lstm", typeof(SkimRnn), () => new SkimRnn(RecurrentKind.Lstm, 4, 7, 3, relaxation: new SigmoidRelaxation(isHard: false)), 5, 4) { Skips = true, Prepare = layer => Scale(layer, "gate.weight", 8) },
        new("skim gru", typeof(SkimRnn), () => new SkimRnn(RecurrentKind.Gru, 4, 7, 3, relaxation: new SigmoidRelaxation(isHard: false)), 5, 4) { Skips = true, Prepare = layer => Scale(layer, "gate.weight", 8) },

        // Jumps are actions: no gradient flows through them, and none of the output reaches their weights.
        new("jump lstm", typeof(JumpRnn), () => new JumpRnn(RecurrentKind.Lstm, 4, 7, 2, 3, 3), 11, 4) { Skips = true, HasSurrogateGradients = true, WithoutGradient = ["jump.weight", "jump.bias"], Prepare = layer => Scale(layer, "jump.weight", 8) },
        new("jump gru", typeof(JumpRnn), () => new JumpRnn(RecurrentKind.Gru, 4, 7, 1, 2, 9), 8, 4) { Skips = true, HasSurrogateGradients = true, WithoutGradient = ["jump.weight", "jump.bias"], Prepare = layer => Scale(layer, "jump.weight", 8) },

        // Masks and boundaries pass gradients straight through.
        new("variable computation, gated", typeof(VariableComputationRnn), () => new VariableComputationRnn(RecurrentKind.Gru, 4, 12, 4, openness: 0), 6, 4) { Skips = true, HasSurrogateGradients = true, Prepare = layer => Scale(layer, "scheduler.weight", 6) },
        new("variable computation, plain", typeof(VariableComputationRnn), () => new VariableComputationRnn(RecurrentKind.Tanh, 4, 9, 1, openness: 0), 6, 4) { Skips = true, HasSurrogateGradients = true, Prepare = layer => Scale(layer, "scheduler.weight", 6) },
        new("hierarchical rnn", typeof(HierarchicalRnn), () => new HierarchicalRnn(4, 5), 7, 4) { Skips = true, HasSurrogateGradients = true },

        // The number of updates has steps, which no difference may straddle: their size is small.
        new("pondering lstm", typeof(PonderRnn), () => new PonderRnn(RecurrentKind.Lstm, 4, 6, 4, start: -0.4f), 5, 4) { Skips = true, GradientStep = 1e-3f, Prepare = layer => Scale(layer, "halt.weight", 6) },
        new("pondering gru", typeof(PonderRnn), () => new PonderRnn(RecurrentKind.Gru, 4, 6, 3, start: 0.2f), 4, 4) { Skips = true, GradientStep = 1e-3f, Prepare = layer => Scale(layer, "halt.weight", 6) },
        new("pondering encoder", typeof(PonderEncoder), () => new PonderEncoder(new TransformerEncoderLayer(8, 2, 6, ActivationFunction.Gelu, 0, hasNormsFirst: true), 8, 4, start: -0.4f), 5, 8) { Skips = true, GradientStep = 1e-3f, Prepare = layer => Scale(layer, "halt.weight", 2) },
    ];

    // Gates that decide differently from step to step.
    private static void Scale(Layer layer, string part, float factor)
    {
        foreach ((string path, Parameter parameter) in layer.NamedParameters())
        {
            if (path.EndsWith(part, StringComparison.Ordinal))
            {
                foreach (ref float value in parameter.Value.Span)
                {
                    value *= factor;
                }
            }
        }
    }
}
