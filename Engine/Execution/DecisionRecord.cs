using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Execution;

/// <summary>One decision of one layer for a batch, as a <see cref="DecisionLedger"/> takes it.</summary>
public readonly record struct DecisionRecord
{
    /// <summary>The number of the module that decides, as the <see cref="ComputeMeter"/> counts by.</summary>
    public required int Layer { get; init; }

    /// <summary>What is chosen among.</summary>
    public required DecisionKind Kind { get; init; }

    /// <summary>Rows of the batch that is decided about.</summary>
    public required int Rows { get; init; }

    /// <summary>The hard choice: one row over the samples, or a row for each of them; none while decisions are relaxed.</summary>
    public Selection Selected { get; init; }

    /// <summary>
    /// The weight of each unit, [N] or [N, units]. Relaxed: differentiable, what objectives bound the compute by. Hard: how sure the rule was, for
    /// explanation, or none.
    /// </summary>
    public Tensor Scores { get; init; }

    /// <summary>log π(a) of the action that was drawn, [N], differentiable; none unless the rule is trained by policy gradient.</summary>
    public Tensor LogProbabilities { get; init; }

    /// <summary>MACs of one unit for one sample, which a unit that is not chosen saves.</summary>
    public long UnitMacs { get; init; }
}
