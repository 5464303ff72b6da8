using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Gates;

namespace ManagedDyn.Layers.InstanceWise.DynamicWidth;

/// <summary>
/// Chooses the k best experts: h = G·f + ε·(softplus(S·f) + 0.01) with ε normal in Train mode and h = G·f else; g = softmax of the k largest of h, and 0
/// elsewhere (Shazeer et al., "Outrageously large neural networks", ICLR 2017, equations 3 to 5). f is the input, or the mean of each of its channels.
/// </summary>
/// <remarks>
/// Asks for two terms of the loss: "importance", CV² of the gates' sums, and "load", CV² of the expected number of samples of each expert (equations 6 to 11).
/// The 0.01, which keeps noise from dying out, is in the authors' code and not in the paper. G and S start from zeros, as the paper says, so that all experts
/// are chosen equally often at first. With k = 1 the gates are the constant 1 and only the load teaches the gate: use <see cref="SwitchGate"/>.
/// </remarks>
public sealed class NoisyTopKGate : DecisionRule
{
    /// <summary>What is added to the noise's standard deviation.</summary>
    internal const float LeastDeviation = 1e-2f;

    private readonly int _features;
    private readonly int _experts;
    private readonly int _count;
    private readonly GateLinear _gate;
    private readonly GateLinear _noise;

    /// <summary>Makes a gate.</summary>
    /// <param name="features">Features of the input, or its channels.</param>
    /// <param name="experts">Experts to choose among.</param>
    /// <param name="count">k, from 1 to the number of experts.</param>
    public NoisyTopKGate(int features, int experts, int count)
    {
        if (count < 1 || count > experts)
        {
            throw new ArgumentOutOfRangeException(nameof(count), count, $"The {count} best of {experts} experts were asked for; expected 1 to {experts}.");
        }

        _features = features;
        _experts = experts;
        _count = count;
        _gate = Add("gate", new GateLinear(features, experts, null, startsFromZeros: true));
        _noise = Add("noise", new GateLinear(features, experts, null, startsFromZeros: true));
    }

    /// <inheritdoc/>
    public override Decision Decide(Context context, Tensor features)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor vectors = GateFeatures.Of(context, features);
        Decision decision;
        if (context.Mode != Mode.Train)
        {
            decision = Choose(context, _gate.Forward(context, vectors));
        }
        else
        {
            Tensor noise = context.Workspace.Rent(new Shape(vectors.Shape[0], _experts));
            RandomStream stream = context.Random.Stream(string.Create(CultureInfo.InvariantCulture, $"experts.{Number}"));
            for (int row = 0; row < noise.Shape[0]; row++)
            {
                stream.FillNormal(noise.Rows(row, 1).Span, context.Step, context.SampleOf(row));
            }

            decision = Decide(context, vectors, noise);
        }

        _ = scope.Keep(decision.Selected);
        _ = scope.Keep(decision.Scores);
        return decision;
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape features) => _gate.CountMacs(GateFeatures.ShapeOf(features, _features));

    /// <summary>Decides with given noise, as in Train mode.</summary>
    internal Decision Decide(Context context, Tensor vectors, Tensor noise)
    {
        Tensor clean = _gate.Forward(context, vectors);
        Tensor deviation = context.Offset(context.Softplus(_noise.Forward(context, vectors)), LeastDeviation);
        Tensor noisy = context.Add(clean, context.Multiply(noise, deviation));
        Decision decision = Choose(context, noisy);
        if (GateFeatures.Trains(context) && _experts > 1)
        {
            context.AddLossTerm("importance", Number, ExpertBalance.SquaredVariation(context, decision.Scores));
            if (_count < _experts)
            {
                context.AddLossTerm("load", Number, ExpertBalance.SquaredVariation(context, context.ExpertLoad(clean, noisy, deviation, _count)));
            }
        }

        return decision;
    }

    private Decision Choose(Context context, Tensor logits)
    {
        Selection kept = context.Workspace.SelectTop(logits.Shape[0], _experts, logits.Span, _count);
        return new Decision(kept, context.TopSoftmax(logits, kept));
    }
}
