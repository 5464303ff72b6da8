using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Mechanisms;

/// <summary>
/// Runs a branch for some samples of a batch and lets the others pass: the mechanism of layer skipping (Wang et al., "SkipNet", ECCV 2018;
/// Veit and Belongie, "ConvNet-AIG", ECCV 2018). It alone knows the two forms of a decision; layers are written once.
/// </summary>
public static class Gating
{
    /// <summary>
    /// Relaxed, y = g·F(x) + (1 − g)·x with the decision's scores g; hard, the selected samples run alone and the others are copied, without
    /// cost. While training, normalisation in the branch takes its statistics over samples whose score is not 0. With scores of 0 and 1 and in Evaluate
    /// mode both give the same bits.
    /// </summary>
    /// <param name="context">The context; skipped samples are counted as work that the dense network does.</param>
    /// <param name="decision">Samples selected (one row over the batch), and while decisions are relaxed one score a sample, [N].</param>
    /// <param name="input">x, [N, …].</param>
    /// <param name="branch">F; its output has its input's shape.</param>
    /// <returns>y, of x's shape; x itself when nothing is selected.</returns>
    /// <exception cref="ArgumentException">The decision is not about the samples of this batch, or the branch changes the shape.</exception>
    public static Tensor Gate(this Context context, in Decision decision, Tensor input, Layer branch)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(branch);
        Shape output = branch.OutputShape(input.Shape);
        if (output != input.Shape)
        {
            throw new ArgumentException($"The branch turns shape {input.Shape} into {output}; expected the same shape.", nameof(branch));
        }

        Selection selected = decision.Selected;
        if (context.Ledger is not null)
        {
            context.Record(new DecisionRecord
            {
                Layer = branch.Number,
                Kind = DecisionKind.Samples,
                Rows = input.Shape[0],
                Selected = decision.Selected,
                Scores = decision.Scores,
                LogProbabilities = decision.LogProbabilities,
                UnitMacs = branch.CountMacs(input.Shape.With(0, 1)),
            });
        }

        if (context.Decisions == Engine.Execution.Decisions.Relaxed)
        {
            return Relaxed(context, decision.Scores, input, branch);
        }

        if (selected.Exists && (selected.Rows != 1 || selected.Universe != input.Shape[0]))
        {
            throw new ArgumentException($"The decision selects {selected}; expected one row over the {input.Shape[0]} samples.", nameof(decision));
        }

        if (selected.IsAll || selected.Count == input.Shape[0])
        {
            return branch.Forward(context, input);
        }

        CountSkipped(context, selected, input.Shape, branch);
        return selected.IsEmpty ? input : Hard(context, selected, input, branch);
    }

    private static Tensor Relaxed(Context context, Tensor scores, Tensor input, Layer branch)
    {
        if (!scores.Exists)
        {
            throw new ArgumentException("Decisions are relaxed, but the decision has no scores.", nameof(scores));
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Selection outer = context.ActiveSamples;
        if (context.Mode == Mode.Train)
        {
            // Those that hard decisions would run, and all where scores are soft.
            context.ActiveSamples = context.IntersectActive(context.Workspace.SelectAtLeast(1, scores.Count, scores.Span, float.Epsilon), outer);
        }

        try
        {
            return scope.Keep(context.Blend(scores, branch.Forward(context, input), input));
        }
        finally
        {
            context.ActiveSamples = outer;
        }
    }

    /// <summary>The active samples within a branch that is meant for some rows of the current batch.</summary>
    internal static Selection IntersectActive(this Context context, Selection rows, Selection outer)
    {
        if (rows.IsAll || rows.Count == rows.Universe)
        {
            return outer;
        }

        Selection samples = context.Samples.IsAll ? rows : context.Workspace.Nest(context.Samples, rows);
        return outer.IsAll ? samples : context.Workspace.Intersect(outer, samples);
    }

    private static Tensor Hard(Context context, Selection selected, Tensor input, Layer branch)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Selection outer = context.Samples;
        Tensor chosen = context.GatherSamples(input, selected);
        context.Samples = context.Workspace.Nest(outer, selected);
        try
        {
            Tensor computed = branch.Forward(context, chosen);
            return scope.Keep(context.ScatterSamples(computed, selected, input));
        }
        finally
        {
            context.Samples = outer;
        }
    }

    /// <summary>Counts what a branch would have cost for the samples that are not selected, as its own.</summary>
    internal static void CountSkipped(Context context, Selection selected, Shape input, Layer branch)
    {
        if (context.Meter is not null)
        {
            using MeterTurn turn = new(context, branch);
            CountSkipped(context, selected, input[0], branch.CountMacs(input.With(0, 1)));
        }
    }

    /// <summary>Counts what a branch would have cost for the only sample, as its own.</summary>
    internal static void CountSkipped(Context context, Shape input, Layer branch)
    {
        if (context.Meter is not null)
        {
            using MeterTurn turn = new(context, branch);
            context.CountRow(0, 0, branch.CountMacs(input));
        }
    }

    /// <summary>Counts what the rows that are not selected would have cost.</summary>
    internal static void CountSkipped(Context context, Selection selected, int rows, long macs)
    {
        if (context.Meter is null || selected.IsAll || macs == 0)
        {
            return;
        }

        int next = 0;
        ReadOnlySpan<int> indices = selected.Indices;
        for (int row = 0; row < rows; row++)
        {
            if (next < indices.Length && indices[next] == row)
            {
                next++;
            }
            else
            {
                context.CountRow(row, 0, macs);
            }
        }
    }
}
