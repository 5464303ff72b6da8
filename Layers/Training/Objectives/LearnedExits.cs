using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>
/// Trains the gates of exits: L = L₀ + λ·Σ_k mean_n (c_{n,k} − t_{n,k})², with c the certainty of gate k and t 1 where the answer of exit k may be final: when it is
/// right (Xin et al., "BERxiT", EACL 2021, section 3.3), or when its loss is below ε·exp(β·k), k from 1 (Ghodrati et al., "FrameExit", CVPR 2021, section 3.2, where
/// the gates have the binary cross-entropy).
/// </summary>
public sealed class LearnedExits : AddedObjective
{
    private readonly float _weight;
    private readonly ExitTarget _target;
    private readonly float _bound;
    private readonly float _growth;

    /// <summary>Makes the objective.</summary>
    /// <param name="inner">L₀.</param>
    /// <param name="weight">λ, at least 0.</param>
    /// <param name="target">When an answer may be final.</param>
    /// <param name="bound">ε, above 0; only for small losses.</param>
    /// <param name="growth">β, at least 0; only for small losses.</param>
    public LearnedExits(Objective inner, float weight = 1, ExitTarget target = ExitTarget.Right, float bound = 0.1f, float growth = 0.05f)
        : base(inner)
    {
        ObjectiveCheck.Weight(weight, nameof(weight));
        ObjectiveCheck.Temperature(bound, nameof(bound));
        ObjectiveCheck.Weight(growth, nameof(growth));
        _weight = weight;
        _target = target;
        _bound = bound;
        _growth = growth;
    }

    /// <inheritdoc/>
    public override string Description => _target == ExitTarget.Right
        ? FormattableString.Invariant($"learned exits({Inner.Description}, weight={_weight:R})")
        : FormattableString.Invariant($"learned exits({Inner.Description}, weight={_weight:R}, bound={_bound:R}, growth={_growth:R})");

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">There is not one gate for each exit but the last.</exception>
    public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses)
    {
        ArgumentNullException.ThrowIfNull(context);
        List<Tensor> losses = [Inner.Compute(context, logits, labels, exitLosses)];
        List<float> factors = [1];
        int exit = 0;
        foreach (DecisionRecord record in context.Ledger is { } ledger ? ledger.Records : [])
        {
            if (record.Kind != DecisionKind.Exits)
            {
                continue;
            }

            if (exit >= logits.Length - 1)
            {
                throw new InvalidOperationException($"There are more gates than {logits.Length - 1}; expected one for each exit but the last.");
            }

            losses.Add(context.MeanSquaredError(record.Scores.Reshape(new Shape(labels.Length)), Targets(context, logits[exit], labels, exit)));
            factors.Add(_weight);
            exit++;
        }

        return exit == logits.Length - 1 || exit == 0
            ? WeightedSum.Compute(context, losses.ToArray(), factors.ToArray())
            : throw new InvalidOperationException($"There are {exit} gates for {logits.Length} exits; expected one for each but the last.");
    }

    // Numbers: no gradient flows through them.
    private Tensor Targets(Context context, Tensor logits, ReadOnlySpan<int> labels, int exit)
    {
        Tensor targets = context.Workspace.RentZeros(new Shape(labels.Length));
        Tape? tape = context.Tape;
        context.Tape = null;
        Tensor losses = context.CrossEntropy(logits, labels, new CrossEntropyOptions { Reduction = LossReduction.None });
        context.Tape = tape;
        int classes = logits.Shape[1];
        float bound = _bound * MathF.Exp(_growth * (exit + 1));
        for (int n = 0; n < labels.Length; n++)
        {
            ReadOnlySpan<float> scores = logits.Span.Slice(n * classes, classes);
            bool isFinal = _target == ExitTarget.SmallLoss ? losses.Span[n] < bound : Outcomes.IsRight(scores, labels[n]);
            targets.Span[n] = isFinal ? 1 : 0;
        }

        return targets;
    }
}
