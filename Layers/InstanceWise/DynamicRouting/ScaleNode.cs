using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicRouting;

/// <summary>
/// One node of a <see cref="ScaleRoutingGrid"/>: a cell, and up to three ways on, each with a gate max(0, tanh(·)) of its own. What no gate asks for is not run;
/// a sample whose gates are all closed goes on at its scale as it is, without the cell.
/// </summary>
/// <remarks>The last is a deviation: in the paper such a sample ends there, and a network whose first gates all close never learns again.</remarks>
internal sealed class ScaleNode : Module
{
    // The published code starts gates at about tanh(1.5) = 0.9: open.
    private const float OpenBias = 1.5f;
    private const int Keep = 0;
    private const int Down = 1;

    private readonly ResidualBlock _cell;
    private readonly Linear? _hidden;
    private readonly Linear? _gate;
    private readonly Parameter? _gateBias;
    private readonly Layer?[] _paths;

    /// <summary>Makes a node.</summary>
    /// <param name="channels">Channels of its scale.</param>
    /// <param name="coarser">Channels of the coarser scale; 0: there is no way down.</param>
    /// <param name="finer">Channels of the finer scale; 0: there is no way up.</param>
    /// <param name="isLast">Whether no layer follows: then the cell runs for all that come.</param>
    public ScaleNode(int channels, int coarser, int finer, bool isLast)
    {
        _cell = Add("cell", new ResidualBlock(channels, channels));
        _paths = [null, null, null];
        if (isLast)
        {
            return;
        }

        int hidden = Math.Max(4, channels / 2);
        _hidden = Add("gate_hidden", new Linear(channels, hidden));
        _gate = Add("gate", new Linear(hidden, 3, bias: false));
        _gateBias = AddParameter("gate_bias", new Shape(3), decays: false);
        HasDown = coarser > 0;
        HasUp = finer > 0;
        _paths[1] = HasDown ? Add("down", new ConvBlock(channels, coarser, 1, 2)) : null;
        _paths[2] = HasUp ? Add("up", new ConvBlock(channels, finer, 1)) : null;
    }

    public bool HasDown { get; }

    public bool HasUp { get; }

    public bool IsLast => _gate is null;

    /// <summary>MACs for one sample when all of it runs.</summary>
    public long CountMacs(Shape input) => GateMacs() + _cell.CountMacs(input) + PathMacs(1, input) + PathMacs(2, input);

    /// <summary>What the node does to features that come to it.</summary>
    public Layer Cell => _cell;

    /// <summary>Runs gates, cell and ways for the samples that have come here; <see cref="Context.Samples"/> says which these are.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[alive, H, W, C].</param>
    /// <param name="alive">The samples that have come here, one row over the batch.</param>
    /// <param name="layers">The features of the next layer by scale, [N, …], to which results are added.</param>
    /// <param name="reached">The samples that come to each scale of the next layer.</param>
    /// <param name="scale">This node's scale.</param>
    public void Route(Context context, Tensor input, Selection alive, Span<Tensor> layers, Span<Selection> reached, int scale)
    {
        int rows = input.Shape[0];
        Tensor pooled = context.GlobalAveragePool(input);
        Tensor scores = context.Add(_gate!.Forward(context, context.Relu(_hidden!.Forward(context, pooled))), _gateBias!.Value);
        Tensor gates = context.Relu(context.Tanh(scores));
        Shape sample = input.Shape.With(0, 1);
        Selection active = context.Workspace.SelectAtLeast(1, rows, Strongest(context, gates).Span, float.Epsilon);
        Record(context, gates, active, sample);
        Gating.CountSkipped(context, active, rows, CountMacs(sample) - GateMacs());
        if (active.Count < rows)
        {
            Pass(context, input, alive, active, ref layers[scale], ref reached[scale]);
        }

        if (active.Count == 0)
        {
            return;
        }

        Tensor features = BranchDispatch.RunFor(context, active, input, _cell);
        Tensor strengths = active.Count == rows ? gates : context.GatherSamples(gates, active);
        Selection outer = context.Samples;
        Selection inBatch = context.Workspace.Nest(alive, active);
        context.Samples = context.Workspace.Nest(outer, active);
        for (int way = 0; way < 3; way++)
        {
            int target = scale + (way == Keep ? 0 : way == Down ? 1 : -1);
            if ((way == Down && !HasDown) || (way > Down && !HasUp))
            {
                continue;
            }

            Tensor strength = context.ScoresOf(strengths, way);
            Selection takers = context.Workspace.SelectAtLeast(1, strength.Count, strength.Span, float.Epsilon);
            Gating.CountSkipped(context, takers, strength.Count, PathMacs(way, sample));
            if (takers.Count > 0)
            {
                Selection places = context.Workspace.Nest(inBatch, takers);
                Tensor moved = Move(context, features, strength, takers, way, layers[target].Shape);
                layers[target] = context.ScatterAddSamples(moved, places, layers[target]);
                reached[target] = reached[target].Exists ? context.Workspace.Union(reached[target], places) : places;
            }
        }

        context.Samples = outer;
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random) => _gateBias?.Value.Span.Fill(OpenBias);

    private long GateMacs() => _gate is null ? 0 : _hidden!.Weight.Shape.Count + _gate.Weight.Shape.Count;

    private long PathMacs(int way, Shape input) => _paths[way]?.CountMacs(input) ?? 0;

    private Tensor Move(Context context, Tensor features, Tensor strength, Selection takers, int way, Shape target)
    {
        Tensor moved;
        if (_paths[way] is { } path)
        {
            moved = BranchDispatch.RunFor(context, takers, features, path);
        }
        else
        {
            moved = takers.Count == strength.Count ? features : context.GatherSamples(features, takers);
        }

        if (way > Down)
        {
            moved = context.Resize(moved, target[1], target[2]);
        }

        return context.MaskMultiply(moved, takers.Count == strength.Count ? strength : context.GatherSamples(strength, takers));
    }

    private static void Pass(Context context, Tensor input, Selection alive, Selection active, ref Tensor layer, ref Selection reached)
    {
        Selection idle = context.Workspace.Complement(active);
        Selection places = context.Workspace.Nest(alive, idle);
        Tensor passing = idle.Count == input.Shape[0] ? input : context.GatherSamples(input, idle);
        layer = context.ScatterAddSamples(passing, places, layer);
        reached = reached.Exists ? context.Workspace.Union(reached, places) : places;
    }

    // A way that is not there counts as closed.
    private Tensor Strongest(Context context, Tensor gates)
    {
        Tensor strongest = context.Workspace.Rent(new Shape(gates.Shape[0]));
        for (int row = 0; row < strongest.Count; row++)
        {
            ReadOnlySpan<float> values = gates.Span.Slice(row * 3, 3);
            strongest.Span[row] = MathF.Max(values[0], MathF.Max(HasDown ? values[1] : 0, HasUp ? values[2] : 0));
        }

        return strongest;
    }

    private void Record(Context context, Tensor gates, Selection active, Shape sample)
    {
        if (context.Ledger is null)
        {
            return;
        }

        int rows = gates.Shape[0];
        int ways = 1 + (HasDown ? 1 : 0) + (HasUp ? 1 : 0);
        Tensor open = context.ScoresOf(gates, 0);
        for (int way = 1; way < 3; way++)
        {
            if (way == Down ? HasDown : HasUp)
            {
                Tensor next = context.ScoresOf(gates, way);
                open = context.Concat(1, open.Reshape(new Shape(rows, open.Count / rows)), next.Reshape(new Shape(rows, 1)));
            }
        }

        open = open.Reshape(new Shape(rows, ways));
        Selection chosen = context.Workspace.SelectAtLeast(rows, ways, open.Span, float.Epsilon);
        if (context.Decisions == Engine.Execution.Decisions.Relaxed)
        {
            // What a way costs is told by whether it runs and not by how wide its gate is open: a budget on the latter would be met by gates that
            // are all a little open, and save nothing.
            open = context.StraightThrough(open, 0);
        }

        long macs = (PathMacs(1, sample) + PathMacs(2, sample)) / ways;
        context.Record(new DecisionRecord { Layer = Number, Kind = DecisionKind.Branches, Rows = rows, Selected = chosen, Scores = open, UnitMacs = macs });
        context.Record(new DecisionRecord
        {
            Layer = _cell.Number,
            Kind = DecisionKind.Samples,
            Rows = rows,
            Selected = active,
            Scores = context.Max(open, 1),
            UnitMacs = _cell.CountMacs(sample),
        });
    }
}
