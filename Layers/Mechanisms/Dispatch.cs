using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Mechanisms;

/// <summary>
/// Sends the samples of a batch to experts and adds up what comes back: the mechanism of mixtures of experts (Shazeer et al., "Outrageously large neural
/// networks", ICLR 2017, section 3; Fedus et al., "Switch transformers", JMLR 2022, section 2).
/// </summary>
public static class Dispatch
{
    /// <summary>
    /// y[n] = background[n] + Σ over the chosen e of g[n, e]·E_e(x[n]). Each expert runs once, on the samples that chose it side by side; its weighted results go
    /// back to their places in the order of the experts, so that a sample's bits depend on itself alone. Experts that nobody chose do not run.
    /// </summary>
    /// <param name="context">The context; what does not run is counted as work that the dense mixture does.</param>
    /// <param name="layer">The number of the module that decides.</param>
    /// <param name="decision">The experts of each sample (a row a sample over the experts; none: all of them), and the gates g, [N, experts].</param>
    /// <param name="input">x, [N, …].</param>
    /// <param name="experts">E; all give the same shape.</param>
    /// <param name="background">What the sum is added to, such as x itself; none: zero, which is what samples without experts get.</param>
    /// <param name="kind">What the experts are called where decisions are told.</param>
    /// <returns>y, of the experts' output shape.</returns>
    /// <exception cref="ArgumentException">The decision is not about these samples and experts.</exception>
    public static Tensor SendToExperts(
        this Context context,
        int layer,
        in Decision decision,
        Tensor input,
        ReadOnlySpan<Layer> experts,
        Tensor background = default,
        DecisionKind kind = DecisionKind.Experts)
    {
        ArgumentNullException.ThrowIfNull(context);
        Selection selected = decision.Selected;
        int samples = input.Shape[0];
        if (experts.Length == 0 || !decision.Scores.Exists || decision.Scores.Shape != new Shape(samples, experts.Length))
        {
            throw new ArgumentException($"The gates are {decision.Scores}; expected a tensor [{samples}, {experts.Length}] for at least one expert.", nameof(decision));
        }

        if (selected.Exists && (selected.Rows != samples || selected.Universe != experts.Length))
        {
            throw new ArgumentException($"The decision selects {selected}; expected {samples} rows over {experts.Length} experts.", nameof(decision));
        }

        Selection chosen = selected.Exists ? selected : Selection.All(samples, experts.Length);
        if (context.Ledger is not null && experts.Length > 1)
        {
            context.Record(new DecisionRecord
            {
                Layer = layer,
                Kind = kind,
                Rows = samples,
                Selected = chosen,
                Scores = decision.Scores,
                LogProbabilities = decision.LogProbabilities,
                UnitMacs = experts[0].CountMacs(input.Shape.With(0, 1)),
                UnitCosts = Costs(context, experts, input.Shape.With(0, 1)),
            });
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        MixtureSum sum = new(context, decision.Scores, experts[0].OutputShape(input.Shape), background);
        bool isOne = samples == 1 && !chosen.IsAll;
        for (int e = 0; e < experts.Length; e++)
        {
            if (isOne && !chosen.Indices.Contains(e))
            {
                Gating.CountSkipped(context, input.Shape, experts[e]);
                continue;
            }

            using WorkspaceScope turn = context.Workspace.Enter();
            Selection rows = isOne ? Selection.All(1, 1) : context.Workspace.SelectRowsOf(chosen, e);
            rows = rows.Count == samples ? Selection.All(1, samples) : rows;
            if (!rows.IsAll)
            {
                Gating.CountSkipped(context, rows, input.Shape, experts[e]);
            }

            if (rows.IsAll || !rows.IsEmpty)
            {
                sum.Add(RunOn(context, rows, input, experts[e]), rows, e);
            }
        }

        return scope.Keep(sum.Finish());
    }

    private static Tensor Costs(Context context, ReadOnlySpan<Layer> experts, Shape sample)
    {
        Tensor costs = context.Workspace.Rent(new Shape(experts.Length));
        for (int e = 0; e < experts.Length; e++)
        {
            costs.Span[e] = experts[e].CountMacs(sample);
        }

        return costs;
    }

    /// <summary>Runs a layer on some samples, which stay themselves to counts and random numbers.</summary>
    /// <returns>[selected, …].</returns>
    internal static Tensor RunOn(Context context, Selection rows, Tensor input, Layer layer)
    {
        if (rows.IsAll)
        {
            return layer.Forward(context, input);
        }

        Selection outer = context.Samples;
        Tensor chosen = context.GatherSamples(input, rows);
        context.Samples = context.Workspace.Nest(outer, rows);
        try
        {
            return layer.Forward(context, chosen);
        }
        finally
        {
            context.Samples = outer;
        }
    }
}
