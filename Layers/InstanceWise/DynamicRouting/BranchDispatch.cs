using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicRouting;

/// <summary>
/// Runs branches that all take the same input and give outputs of one shape. Chosen: each runs for the samples that chose it, side by side, and its rows
/// are put back in their places. Mixed: all run for all samples.
/// </summary>
internal static class BranchDispatch
{
    /// <summary>y_n = B_i(x_n) for the branch i that sample n chose.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, …].</param>
    /// <param name="branches">B; all give one shape.</param>
    /// <param name="chosen">A row for each sample over the branches, with one index.</param>
    /// <param name="denseMacs">MACs a sample that the dense network takes for all of this.</param>
    /// <returns>[N, …].</returns>
    public static Tensor RunChosen(Context context, Tensor input, ReadOnlySpan<Layer> branches, Selection chosen, long denseMacs)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        int samples = input.Shape[0];
        CountSkipped(context, samples, input.Shape.With(0, 1), branches, chosen, denseMacs);
        Tensor output = default;
        for (int i = 0; i < branches.Length; i++)
        {
            Selection takers = context.Workspace.SelectRowsOf(chosen, i);
            if (takers.Count > 0)
            {
                Tensor computed = RunFor(context, takers, input, branches[i]);
                output = takers.Count == samples ? computed : context.ScatterSamples(computed, takers, output);
            }
        }

        return scope.Keep(output.Exists ? output : context.Workspace.Rent(branches[0].OutputShape(input.Shape)));
    }

    /// <summary>
    /// y_n = Σ_i w_ni · B_i(x_n): the relaxed form. While training, normalisation in a branch takes its statistics over the samples whose weight is not 0, which
    /// are those that inference shows it where weights are made hard.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, …].</param>
    /// <param name="branches">B; all give one shape.</param>
    /// <param name="weights">w, [N, branches], differentiable.</param>
    public static Tensor RunMixed(Context context, Tensor input, ReadOnlySpan<Layer> branches, Tensor weights)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        MixtureSum sum = new(context, weights, branches[0].OutputShape(input.Shape));
        Selection outer = context.ActiveSamples;
        try
        {
            for (int i = 0; i < branches.Length; i++)
            {
                using WorkspaceScope turn = context.Workspace.Enter();
                if (context.Mode == Mode.Train)
                {
                    context.ActiveSamples = context.IntersectActive(TakersOf(context, weights, i), outer);
                }

                sum.Add(branches[i].Forward(context, input), Selection.All(1, input.Shape[0]), i);
            }
        }
        finally
        {
            context.ActiveSamples = outer;
        }

        return scope.Keep(sum.Finish());
    }

    /// <summary>Runs a layer for some samples of a batch, under their own numbers.</summary>
    /// <param name="context">The context.</param>
    /// <param name="takers">One row over the batch, not empty.</param>
    /// <param name="input">[N, …].</param>
    /// <param name="branch">The layer.</param>
    /// <returns>[takers, …].</returns>
    public static Tensor RunFor(Context context, Selection takers, Tensor input, Layer branch) =>
        Dispatch.RunOn(context, takers.Count == input.Shape[0] ? Selection.All(1, takers.Count) : takers, input, branch);

    private static Selection TakersOf(Context context, Tensor weights, int branch)
    {
        (int samples, int branches) = (weights.Shape[0], weights.Shape[1]);
        Tensor own = context.Workspace.Rent(new Shape(samples));
        for (int n = 0; n < samples; n++)
        {
            own.Span[n] = weights.Span[(n * branches) + branch];
        }

        return context.Workspace.SelectAtLeast(1, samples, own.Span, float.Epsilon);
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
