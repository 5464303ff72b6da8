using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Decisions;

/// <summary>Turns logits of yes or no into decisions: what all gates that are trained share.</summary>
public static class BinaryDecisions
{
    // The smallest float above one half: a selection takes scores that are at least its threshold, a decision those above one half.
    private const float AboveHalf = 0.50000006f;

    /// <summary>
    /// Which samples run: hard, those with σ(l) &gt; ½, and σ(l) tells how sure that is; relaxed, what the relaxation makes of the logits.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="logits">l, [N] or [N, 1].</param>
    /// <param name="relaxation">The relaxation.</param>
    /// <param name="module">The module that decides: its number names the stream of noise.</param>
    /// <param name="index">Tells decisions of one module apart.</param>
    /// <exception cref="ArgumentException">There is not one logit a sample.</exception>
    public static Decision DecideSamples(this Context context, Tensor logits, BinaryRelaxation relaxation, Module module, int index = 0)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(relaxation);
        if (logits.Shape.Rank == 0 || logits.Count != logits.Shape[0])
        {
            throw new ArgumentException($"The logits have shape {logits.Shape}; expected one a sample.", nameof(logits));
        }

        Tensor rows = logits.Reshape(new Shape(logits.Count));
        if (context.Decisions == Engine.Execution.Decisions.Hard)
        {
            Tensor scores = context.Sigmoid(rows);
            return new Decision(context.SelectLikely(scores, 1), scores);
        }

        RelaxedChoice choice = relaxation.Relax(context, rows, context.NoiseOf(module, index));
        return new Decision(default, choice.Scores, choice.LogProbabilities);
    }

    /// <summary>
    /// Which units each sample runs: hard, those with σ(l) &gt; ½; relaxed, what the relaxation makes of the logits.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="logits">l, [N, units].</param>
    /// <param name="relaxation">The relaxation.</param>
    /// <param name="module">The module that decides: its number names the stream of noise.</param>
    /// <param name="index">Tells decisions of one module apart.</param>
    /// <returns>A row of the selection for each sample; scores [N, units]; log-probabilities, if any, summed over the units, [N].</returns>
    /// <exception cref="ArgumentException">The logits are no matrix.</exception>
    public static Decision DecideUnits(this Context context, Tensor logits, BinaryRelaxation relaxation, Module module, int index = 0)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(relaxation);
        if (logits.Shape.Rank != 2)
        {
            throw new ArgumentException($"The logits have shape {logits.Shape}; expected [N, units].", nameof(logits));
        }

        if (context.Decisions == Engine.Execution.Decisions.Hard)
        {
            Tensor scores = context.Sigmoid(logits);
            return new Decision(context.SelectLikely(scores, logits.Shape[0]), scores);
        }

        RelaxedChoice choice = relaxation.Relax(context, logits, context.NoiseOf(module, index));
        Tensor joint = choice.LogProbabilities.Exists ? context.Sum(choice.LogProbabilities, 1) : default;
        return new Decision(default, choice.Scores, joint);
    }

    /// <summary>Where scores are above one half.</summary>
    /// <param name="context">The context.</param>
    /// <param name="scores">As many for each row.</param>
    /// <param name="rows">Rows of the selection.</param>
    public static Selection SelectLikely(this Context context, Tensor scores, int rows)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Workspace.SelectAtLeast(rows, rows == 0 ? 0 : scores.Count / rows, scores.Span, AboveHalf);
    }

    /// <summary>What each sample's scores say of one unit: a column of [N, units] as [N].</summary>
    internal static Tensor ScoresOf(this Context context, Tensor scores, int unit) => context.Slice(scores, 1, unit, 1).Reshape(new Shape(scores.Shape[0]));

    /// <summary>The stream of random numbers of a module's decision, the same at every run of the same network with the same seed.</summary>
    /// <param name="context">The context.</param>
    /// <param name="module">The module, numbered.</param>
    /// <param name="index">Tells decisions of one module apart.</param>
    public static RandomStream NoiseOf(this Context context, Module module, int index = 0)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(module);
        Span<char> name = stackalloc char[32];
        _ = name.TryWrite(System.Globalization.CultureInfo.InvariantCulture, $"decision.{module.Number}.{index}", out int length);
        return context.Random.Stream(name[..length]);
    }
}
