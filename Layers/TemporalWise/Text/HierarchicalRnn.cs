using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.TemporalWise.Text;

/// <summary>
/// A hierarchical multiscale LSTM: layers that find boundaries, [N, T, in] to [N, T, layers · H] (Chung, Ahn and Bengio, ICLR 2017, section 2). With a boundary z
/// below, a layer updates; after a boundary of its own it starts anew; else it copies its state and costs nothing:
/// c = z_own ? σ(i)·tanh(g) : z_below ? σ(f)·c + σ(i)·tanh(g) : c, and h = σ(o)·tanh(c) or the copy.
/// </summary>
/// <remarks>
/// The sums are U·h + z_own·V·h_above + z_below·W·h_below + b, with h_above of the step before; z = [hard sigmoid(a·z̃) &gt; ½] with the gradient of the hard sigmoid,
/// whose slope a rises with training (the paper: from 1 to 5). The lowest layer always updates, the highest has no boundary. Gates stand in the order i, f, g, o, z̃.
/// At inference a layer runs for the samples that do not copy, side by side. The paper's gated output is left to what reads the states.
/// </remarks>
public sealed class HierarchicalRnn : Layer
{
    private const float Half = 0.5f;

    private readonly int _inFeatures;
    private readonly int _units;
    private readonly Linear[] _own;
    private readonly Linear[] _below;
    private readonly Linear?[] _above;
    private readonly float _lastSlope;

    /// <summary>Makes a layer.</summary>
    /// <param name="inFeatures">Features of each step.</param>
    /// <param name="units">H, units of each layer.</param>
    /// <param name="layers">Layers one above the other, at least 2.</param>
    /// <param name="lastSlope">a at the end of training, at least 1.</param>
    public HierarchicalRnn(int inFeatures, int units, int layers = 3, float lastSlope = 5)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(lastSlope, 1);
        _inFeatures = inFeatures;
        _units = units;
        _lastSlope = lastSlope;
        _own = new Linear[layers];
        _below = new Linear[layers];
        _above = new Linear?[layers];
        for (int i = 0; i < layers; i++)
        {
            string index = i.ToString(CultureInfo.InvariantCulture);
            bool isTop = i == layers - 1;
            int sums = (4 * units) + (isTop ? 0 : 1);
            _own[i] = Add("own" + index, new Linear(units, sums));
            _below[i] = Add("below" + index, new Linear(i == 0 ? inFeatures : units, sums, bias: false));
            _above[i] = isTop ? null : Add("above" + index, new Linear(units, sums, bias: false));
        }
    }

    private int Layers => _own.Length;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => input.Rank == 3 && input[2] == _inFeatures && input[1] > 0
        ? input.With(2, Layers * _units)
        : throw new ArgumentException($"The input has shape {input}; expected [N, steps, {_inFeatures}] with at least one step.", nameof(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        _ = OutputShape(input);
        long macs = 0;
        for (int i = 0; i < Layers; i++)
        {
            macs += LayerMacs(i);
        }

        return input[0] * input[1] * macs;
    }

    /// <summary>Runs the layer over sequences of unequal lengths.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, T, in].</param>
    /// <param name="steps">The steps of each sample, from the first on, a row a sample over T; none: all.</param>
    /// <returns>[N, T, layers · H]; behind a sample's end its last state.</returns>
    /// <exception cref="ArgumentException">The shapes or the steps do not fit.</exception>
    public Tensor Forward(Context context, Tensor input, Selection steps)
    {
        ArgumentNullException.ThrowIfNull(context);
        Shape shape = OutputShape(input.Shape);
        StepRows.Check(steps, input.Shape);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        bool isHard = context.Tape is null && context.Decisions == Engine.Execution.Decisions.Hard;
        return scope.Keep(isHard ? Hard(context, scope, input, steps, shape) : Recorded(context, input, steps, shape));
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) => Forward(context, input, default);

    private Tensor Recorded(Context context, Tensor input, Selection steps, Shape shape)
    {
        (int samples, int count) = (shape[0], shape[1]);
        Tensor[] hidden = new Tensor[Layers], cells = new Tensor[Layers], boundaries = new Tensor[Layers], outputs = new Tensor[count];
        for (int i = 0; i < Layers; i++)
        {
            hidden[i] = context.Workspace.RentZeros(new Shape(samples, _units));
            cells[i] = context.Workspace.RentZeros(new Shape(samples, _units));
            boundaries[i] = context.Workspace.RentZeros(new Shape(samples));
        }

        for (int time = 0; time < count; time++)
        {
            Tensor below = StepRows.Of(context, input, time);
            Tensor present = StepRows.MaskAt(context, steps, samples, time);
            Tensor arrives = present;
            for (int i = 0; i < Layers; i++)
            {
                Relaxed(context, i, below, arrives, steps.IsAll ? default : present, hidden, cells, boundaries);
                (below, arrives) = (hidden[i], boundaries[i]);
            }

            outputs[time] = context.Concat(1, hidden).Reshape(new Shape(samples, 1, Layers * _units));
        }

        return count == 1 ? outputs[0] : context.Concat(1, outputs);
    }

    private long LayerMacs(int layer) =>
        ((4L * _units) + (layer == Layers - 1 ? 0 : 1)) * (_units + (layer == 0 ? _inFeatures : _units) + (layer == Layers - 1 ? 0 : _units));

    private Tensor Sums(Context context, int layer, Tensor below, Tensor arrives, Tensor own, Tensor above, Tensor restarts)
    {
        Shape column = new(own.Shape[0], 1);
        Tensor sums = context.Add(_own[layer].Forward(context, own), context.Multiply(_below[layer].Forward(context, below), arrives.Reshape(column)));
        return _above[layer] is { } top ? context.Add(sums, context.Multiply(top.Forward(context, above), restarts.Reshape(column))) : sums;
    }

    // The state when the layer does not copy, and the boundary.
    private (Tensor Hidden, Tensor Cell, Tensor Boundary) Step(Context context, int layer, Tensor sums, Tensor cell, Tensor restarts)
    {
        Shape rows = new(sums.Shape[0]);
        Tensor none = context.Workspace.RentZeros(new Shape(rows[0], 4 * _units));
        Tensor remembered = context.Multiply(cell, context.Affine(restarts, -1, 1).Reshape(new Shape(rows[0], 1)));
        Tensor hidden = context.LstmCell(context.Slice(sums, 1, 0, 4 * _units), none, remembered, out Tensor newCell);
        if (_above[layer] is null)
        {
            return (hidden, newCell, context.Workspace.RentZeros(rows));
        }

        // max(0, min(1, (a·z̃ + 1) / 2)).
        float slope = 1 + ((_lastSlope - 1) * (float)context.Progress);
        Tensor soft = context.Clamp(context.Affine(context.Slice(sums, 1, 4 * _units, 1), slope / 2, Half), 0, 1);
        return (hidden, newCell, context.StraightThrough(soft).Reshape(rows));
    }

    private void Relaxed(Context context, int layer, Tensor below, Tensor arrives, Tensor present, Tensor[] hidden, Tensor[] cells, Tensor[] boundaries)
    {
        Tensor restarts = boundaries[layer];
        Tensor above = layer == Layers - 1 ? default : hidden[layer + 1];
        Tensor sums = Sums(context, layer, below, arrives, hidden[layer], above, restarts);
        (Tensor newHidden, Tensor newCell, Tensor boundary) = Step(context, layer, sums, cells[layer], restarts);

        // 1 unless both are 0: what arrives below, or a start of its own.
        Tensor runs = context.Subtract(context.Add(arrives, restarts), context.Multiply(arrives, restarts));
        runs = present.Exists ? context.Multiply(runs, present) : runs;
        hidden[layer] = context.Blend(runs, newHidden, hidden[layer]);
        cells[layer] = context.Blend(runs, newCell, cells[layer]);
        boundaries[layer] = context.Multiply(runs, boundary);
        if (layer > 0 && context.Ledger is not null)
        {
            context.Record(new DecisionRecord { Layer = _own[layer].Number, Kind = DecisionKind.Samples, Rows = runs.Count, Scores = runs, UnitMacs = LayerMacs(layer) });
        }
    }

    private Tensor Hard(Context context, WorkspaceScope scope, Tensor input, Selection steps, Shape shape)
    {
        (int samples, int count) = (shape[0], shape[1]);
        Tensor output = context.Workspace.Rent(shape);
        Tensor hidden = context.Workspace.RentZeros(new Shape(Layers, samples, _units));
        Tensor cells = context.Workspace.RentZeros(hidden.Shape);
        Tensor boundaries = context.Workspace.RentZeros(new Shape(Layers, samples));
        Selection outer = context.Samples;
        try
        {
            for (int time = 0; time < count; time++)
            {
                using WorkspaceScope step = context.Workspace.Enter();
                Tensor present = StepRows.MaskAt(context, steps, samples, time);
                for (int layer = 0; layer < Layers; layer++)
                {
                    using WorkspaceScope turn = context.Workspace.Enter();
                    context.Samples = outer;
                    Tensor own = Of(boundaries, layer);
                    Tensor runs = context.Workspace.Rent(new Shape(samples));
                    for (int n = 0; n < samples; n++)
                    {
                        runs.Span[n] = present.Span[n] > 0 && (layer == 0 || own.Span[n] > 0 || Of(boundaries, layer - 1).Span[n] > 0) ? 1 : 0;
                    }

                    Selection rows = context.Workspace.SelectAtLeast(1, samples, runs.Span, Half);
                    if (layer > 0 && context.Ledger is not null)
                    {
                        context.Record(new DecisionRecord { Layer = _own[layer].Number, Kind = DecisionKind.Samples, Rows = samples, Selected = turn.Keep(rows), UnitMacs = LayerMacs(layer) });
                    }

                    rows = rows.Count == samples ? Selection.All(1, samples) : rows;
                    StepRows.CountOthers(context, rows, samples, LayerMacs(layer));
                    RunRows(context, layer, time, rows, input, hidden, cells, boundaries);
                    StepRows.Put(Of(hidden, layer), default, output, (time * Layers * _units) + (layer * _units), _units);
                }
            }
        }
        finally
        {
            context.Samples = outer;
        }

        return output;
    }

    private void RunRows(Context context, int layer, int time, Selection rows, Tensor input, Tensor hidden, Tensor cells, Tensor boundaries)
    {
        int samples = input.Shape[0];
        if (!rows.IsAll && rows.IsEmpty)
        {
            Of(boundaries, layer).Span.Clear();
            return;
        }

        Tensor arrives;
        if (layer == 0)
        {
            arrives = context.Workspace.Rent(new Shape(rows.IsAll ? samples : rows.Count));
            arrives.Span.Fill(1);
        }
        else
        {
            arrives = context.GatherSamples(Of(boundaries, layer - 1), rows);
        }

        Tensor below = context.GatherSamples(layer == 0 ? StepRows.Of(context, input, time) : Of(hidden, layer - 1), rows);
        Tensor above = layer == Layers - 1 ? default : context.GatherSamples(Of(hidden, layer + 1), rows);
        Tensor restarts = context.GatherSamples(Of(boundaries, layer), rows);
        Tensor own = context.GatherSamples(Of(hidden, layer), rows);
        Tensor cell = context.GatherSamples(Of(cells, layer), rows);
        context.Samples = rows.IsAll ? context.Samples : context.Workspace.Nest(context.Samples, rows);
        Tensor sums = Sums(context, layer, below, arrives, own, above, restarts);
        (Tensor newHidden, Tensor newCell, Tensor boundary) = Step(context, layer, sums, cell, restarts);
        Of(boundaries, layer).Span.Clear();
        StepRows.Put(newHidden, rows, Of(hidden, layer), 0, _units);
        StepRows.Put(newCell, rows, Of(cells, layer), 0, _units);
        StepRows.Put(boundary.Reshape(new Shape(boundary.Count, 1)), rows, Of(boundaries, layer), 0, 1);
    }

    private static Tensor Of(Tensor table, int layer) =>
        table.Rows(layer, 1).Reshape(table.Shape.Rank == 2 ? new Shape(table.Shape[1]) : new Shape(table.Shape[1], table.Shape[2]));
}
