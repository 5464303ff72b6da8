using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicRouting;

/// <summary>
/// Runs branches that all take the same input and give outputs of one shape. Chosen: each runs for the samples that chose it, side by side, and its rows
/// are put back in their places. Mixed: all run for all samples. A sum adds the branches in their order, whichever samples are beside a sample.
/// </summary>
internal static class BranchDispatch
{
    /// <summary>y_n = Σ over the branches i that sample n chose of w_ni · B_i(x_n). Who chose none gets zeros.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, …].</param>
    /// <param name="branches">B; all give one shape.</param>
    /// <param name="chosen">A row for each sample over the branches.</param>
    /// <param name="weights">w, [N, branches]; none: 1, and each sample must have chosen one branch.</param>
    /// <param name="denseMacs">MACs a sample that the dense network takes for all of this.</param>
    /// <returns>[N, …].</returns>
    public static Tensor RunChosen(Context context, Tensor input, ReadOnlySpan<Layer> branches, Selection chosen, Tensor weights, long denseMacs)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        int samples = input.Shape[0];
        Shape sample = input.Shape.With(0, 1);
        CountSkipped(context, samples, sample, branches, chosen, denseMacs);
        Tensor sum = default;
        for (int i = 0; i < branches.Length; i++)
        {
            Selection takers = TakersOf(context, chosen, i);
            if (takers.Count == 0)
            {
                continue;
            }

            Tensor computed = RunFor(context, takers, input, branches[i], out bool isWhole);
            if (weights.Exists)
            {
                computed = context.MaskMultiply(computed, context.GatherSamples(Column(context, weights, i), takers));
                sum = context.ScatterAddSamples(computed, takers, sum.Exists ? sum : context.Workspace.RentZeros(computed.Shape.With(0, samples)));
            }
            else
            {
                sum = isWhole ? computed : context.ScatterSamples(computed, takers, sum);
            }
        }

        return scope.Keep(sum.Exists ? sum : context.Workspace.RentZeros(branches[0].OutputShape(input.Shape)));
    }

    /// <summary>y_n = Σ_i w_ni · B_i(x_n): the relaxed form.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, …].</param>
    /// <param name="branches">B; all give one shape.</param>
    /// <param name="weights">w, [N, branches], differentiable.</param>
    public static Tensor RunMixed(Context context, Tensor input, ReadOnlySpan<Layer> branches, Tensor weights)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor sum = context.MaskMultiply(branches[0].Forward(context, input), Column(context, weights, 0));
        for (int i = 1; i < branches.Length; i++)
        {
            sum = context.Add(sum, context.MaskMultiply(branches[i].Forward(context, input), Column(context, weights, i)));
        }

        return scope.Keep(sum);
    }

    /// <summary>One unit's column of a matrix of scores, [N].</summary>
    public static Tensor Column(Context context, Tensor scores, int unit) => context.Slice(scores, 1, unit, 1).Reshape(new Shape(scores.Shape[0]));

    /// <summary>The samples that chose a unit: one row over the batch.</summary>
    /// <param name="context">The context.</param>
    /// <param name="chosen">A row for each sample over the units.</param>
    /// <param name="unit">The unit.</param>
    public static Selection TakersOf(Context context, Selection chosen, int unit)
    {
        if (chosen.IsAll)
        {
            return Selection.All(1, chosen.Rows);
        }

        Tensor marks = context.Workspace.Rent(new Shape(chosen.Rows));
        for (int row = 0; row < chosen.Rows; row++)
        {
            marks.Span[row] = chosen.Row(row).Contains(unit) ? 1 : 0;
        }

        return context.Workspace.SelectAtLeast(1, chosen.Rows, marks.Span, 0.5f);
    }

    /// <summary>Runs a layer for some samples of a batch, under their own numbers.</summary>
    /// <param name="context">The context.</param>
    /// <param name="takers">One row over the batch, not empty.</param>
    /// <param name="input">[N, …].</param>
    /// <param name="branch">The layer.</param>
    /// <param name="isWhole">Whether these are all samples.</param>
    /// <returns>[takers, …].</returns>
    public static Tensor RunFor(Context context, Selection takers, Tensor input, Layer branch, out bool isWhole)
    {
        isWhole = takers.IsAll || takers.Count == input.Shape[0];
        if (isWhole)
        {
            return branch.Forward(context, input);
        }

        Selection outer = context.Samples;
        Tensor compact = context.GatherSamples(input, takers);
        context.Samples = context.Workspace.Nest(outer, takers);
        try
        {
            return branch.Forward(context, compact);
        }
        finally
        {
            context.Samples = outer;
        }
    }

    // What runs counts itself; what is left of the dense cost is counted here, for the layer that routes.
    private static void CountSkipped(Context context, int samples, Shape sample, ReadOnlySpan<Layer> branches, Selection chosen, long denseMacs)
    {
        if (context.Meter is null)
        {
            return;
        }

        for (int row = 0; row < samples; row++)
        {
            long executed = 0;
            for (int i = 0; i < branches.Length; i++)
            {
                executed += chosen.IsAll || chosen.Row(row).Contains(i) ? branches[i].CountMacs(sample) : 0;
            }

            context.CountRow(row, 0, denseMacs - executed);
        }
    }
}
