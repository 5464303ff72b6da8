using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Gating;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.PixelLevel;

/// <summary>
/// Spatially adaptive computation time: a group of residual units in which each pixel runs as many units as it needs (Figurnov et al., CVPR 2017, section
/// 3.2). After unit t a pixel's score is h = σ(conv₃ₓ₃(s_t) + w·GAP(s_t) + b); it halts at the first N where the sum of its scores reaches 1 − ε, and at the
/// last unit anyway. The output is Σ_{t&lt;N} h_t·s_t + R·s_N with R = 1 − Σ_{t&lt;N} h_t; the mean of N + R over pixels is the term "ponder" of the loss.
/// </summary>
/// <remarks>
/// A pixel that has halted keeps its features and goes on being read by its neighbours. The first unit runs everywhere. At inference the others run on the
/// active pixels only, their first convolution on those dilated, and results are written in place; the paper's released code masks and saves no time.
/// </remarks>
public sealed class SpatialHalting : Layer
{
    private readonly ResidualBlock _first;
    private readonly SparseResidualBlock[] _units;
    private readonly SpatialHaltingScore[] _scores;
    private readonly float _epsilon;

    /// <summary>Makes a group.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="channels">Channels of the units.</param>
    /// <param name="units">The number of units, at least 1.</param>
    /// <param name="stride">The stride of the first unit.</param>
    /// <param name="epsilon">ε, 0 to 1.</param>
    /// <param name="start">b at the beginning; −3, as in the released code, makes all units run at first.</param>
    public SpatialHalting(int inChannels, int channels, int units, int stride = 1, float epsilon = 0.01f, float start = -3)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(units, 1);
        if (!(epsilon is >= 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "Expected 0 or more, and less than 1.");
        }

        _epsilon = epsilon;
        _first = Add("unit0", new ResidualBlock(inChannels, channels, stride));
        _units = new SparseResidualBlock[units - 1];
        _scores = new SpatialHaltingScore[units - 1];
        for (int i = 0; i < _units.Length; i++)
        {
            _scores[i] = Add(FormattableString.Invariant($"score{i}"), new SpatialHaltingScore(channels, start));
            _units[i] = Add(FormattableString.Invariant($"unit{i + 1}"), new SparseResidualBlock(channels, channels, rule: null));
        }
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _first.OutputShape(input);

    /// <inheritdoc/>
    /// <remarks>Of all units and scores on all pixels.</remarks>
    public override long CountMacs(Shape input)
    {
        long macs = _first.CountMacs(input);
        Shape shape = _first.OutputShape(input);
        for (int i = 0; i < _units.Length; i++)
        {
            macs += _units[i].CountMacs(shape) + _scores[i].CountMacs(shape);
        }

        return macs;
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) =>
        context.Decisions == Engine.Execution.Decisions.Relaxed || context.Tape is not null ? Relaxed(context, input) : Hard(context, input);

    private Tensor Relaxed(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor[] states = new Tensor[_units.Length + 1];
        Tensor[] halting = new Tensor[_units.Length];
        states[0] = _first.Forward(context, input);
        int pixels = states[0].Shape.RowCount;
        Tensor sums = context.Workspace.RentZeros(new Shape(pixels));
        Selection active = Selection.All(input.Shape[0], pixels / Math.Max(1, input.Shape[0]));
        for (int t = 0; t < _units.Length; t++)
        {
            halting[t] = _scores[t].Forward(context, states[t]);
            active = Staying(context, active, halting[t], sums);
            Tensor mask = context.MaskOf(active).Reshape(new Shape(input.Shape[0], states[t].Shape[1], states[t].Shape[2]));
            Decision decision = new(active, mask);
            states[t + 1] = _units[t].Forward(context, in decision, states[t]);
        }

        Tensor output = context.Halt(halting, states, _epsilon, out Tensor ponder, out _, out _);
        if (context.Ledger is not null)
        {
            context.AddLossTerm(Halting.PonderTerm, Number, context.Mean(ponder));
        }

        return scope.Keep(output);
    }

    private Tensor Hard(Context context, Tensor input)
    {
        Tensor output = context.Workspace.Rent(OutputShape(input.Shape));
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor current = _first.Forward(context, input);
        Shape shape = current.Shape;
        Tensor sums = context.Workspace.RentZeros(new Shape(shape.RowCount));
        Selection active = Selection.All(shape[0], shape[1] * shape[2]);
        Tensor steps = context.Ledger is { KeepsChoices: true } ? context.Workspace.RentZeros(new Shape(shape[0], shape[1], shape[2])) : default;
        for (int t = 0; t <= _units.Length; t++)
        {
            CountSteps(steps, active);
            Tensor halting = default;
            if (t < _units.Length && active.IsEmpty)
            {
                _scores[t].Skip(context, current.Shape);
            }
            else if (t < _units.Length)
            {
                halting = _scores[t].Compute(context, current, active);
            }

            active = Accumulate(context, current, halting, active, sums, output, t);
            if (t < _units.Length)
            {
                Decision decision = new(active, default);
                current = _units[t].ForwardOwned(context, in decision, current);
            }
        }

        if (steps.Exists)
        {
            context.Record(new DecisionRecord
            {
                Layer = Number,
                Kind = DecisionKind.Steps,
                Rows = shape[0],
                MapHeight = shape[1],
                MapWidth = shape[2],
                Levels = steps,
                MostLevel = _units.Length + 1,
            });
        }

        return output;
    }

    // One more for each pixel that runs the next unit.
    private static void CountSteps(Tensor steps, Selection active)
    {
        for (int row = 0; steps.Exists && row < active.Rows; row++)
        {
            Span<float> own = steps.Span.Slice(row * active.Universe, active.Universe);
            int count = active.RowCount(row);
            for (int i = 0; i < count; i++)
            {
                own[active.IsAll ? i : active.Row(row)[i]]++;
            }
        }
    }

    // The pixels that go on after a step, and their sums.
    private Selection Staying(Context context, Selection active, Tensor halting, Tensor sums)
    {
        Tensor stays = context.Workspace.RentZeros(new Shape(active.Rows, active.Universe));
        for (int row = 0; row < active.Rows; row++)
        {
            int count = active.RowCount(row);
            for (int i = 0; i < count; i++)
            {
                int place = (row * active.Universe) + (active.IsAll ? i : active.Row(row)[i]);
                stays.Span[place] = HaltingKernel.Step(ref sums.Span[place], halting.Span[place], false, _epsilon, out _) ? 0 : 1;
            }
        }

        return context.Workspace.SelectAtLeast(active.Rows, active.Universe, stays.Span, 0.5f);
    }

    // Adds the active pixels' states to the output by weight; scores are those of the active pixels only. Returns the pixels that go on.
    private Selection Accumulate(Context context, Tensor states, Tensor halting, Selection active, Tensor sums, Tensor output, int step)
    {
        int width = states.Shape[3];
        Tensor stays = context.Workspace.RentZeros(new Shape(active.Rows, active.Universe));
        Span<float> staying = stays.Span;
        Span<float> total = sums.Span;
        ReadOnlySpan<float> from = states.Span;
        Span<float> to = output.Span;
        int next = 0;
        for (int row = 0; row < active.Rows; row++)
        {
            int count = active.RowCount(row);
            ReadOnlySpan<int> list = active.IsAll ? default : active.Row(row);
            for (int i = 0; i < count; i++)
            {
                int place = (row * active.Universe) + (active.IsAll ? i : list[i]);
                bool halts = HaltingKernel.Step(ref total[place], halting.Exists ? halting.Span[next++] : 0, !halting.Exists, _epsilon, out float weight);
                HaltingKernel.Accumulate(weight, from.Slice(place * width, width), to.Slice(place * width, width), step == 0);
                staying[place] = halts ? 0 : 1;
            }
        }

        return context.Workspace.SelectAtLeast(active.Rows, active.Universe, staying, 0.5f);
    }
}
