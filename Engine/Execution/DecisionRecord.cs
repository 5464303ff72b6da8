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

    /// <summary>MACs of each unit for one sample, [units], where they differ; none: all take <see cref="UnitMacs"/>. Told at inference only.</summary>
    public Tensor UnitCosts { get; init; }

    /// <summary>MACs of a sample that takes the most, where that is not all units; 0: all of them.</summary>
    public long MostMacs { get; init; }

    /// <summary>Rows of the map whose cells are the units, row by row, over the image: pixels, tiles or tokens; 0: the units lie nowhere.</summary>
    public int MapHeight { get; init; }

    /// <summary>Columns of that map; 0: the units lie nowhere.</summary>
    public int MapWidth { get; init; }

    /// <summary>
    /// What the layer looks at, [N, views, 6] with the numbers of an <see cref="ImageView"/> in its order; none: it does not choose what to see. Told at
    /// inference only, as nothing is trained by it.
    /// </summary>
    public Tensor Views { get; init; }

    /// <summary>
    /// A number for each cell of the map, [N, MapHeight, MapWidth], such as the steps that a pixel ran; none: cells are chosen or not. Told at inference only.
    /// </summary>
    public Tensor Levels { get; init; }

    /// <summary>The largest of <see cref="Levels"/> that there could be.</summary>
    public int MostLevel { get; init; }
}
