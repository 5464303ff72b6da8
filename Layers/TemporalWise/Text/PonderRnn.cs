using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Gating;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.TemporalWise.Text;

/// <summary>
/// A recurrent layer that thinks as long as it needs about each step: [N, T, in] to [N, T, H] (Graves, "Adaptive computation time for recurrent neural networks",
/// 2016, section 2). At step t it updates its state s^n = S(s^{n−1}, [x_t; 1 at the first update, else 0]) until the scores h^n = σ(w·hidden(s^n) + b) add up to 1 − ε,
/// or M updates are done; the state that goes on is the mean of all s^n, each weighed by its score and the last by what is left of 1.
/// </summary>
/// <remarks>
/// The mean over samples and steps of the ponder cost N + R is the term "ponder" of the loss (<see cref="Halting.PonderTerm"/>). At inference samples that have
/// thought enough about a step leave the updates; the ledger tells at which steps the second update ran, and each behind it, as <see cref="DecisionKind.Branches"/>.
/// The second update and those behind it share what the input contributes.
/// </remarks>
public sealed class PonderRnn : Layer
{
    private readonly RecurrentCell _cell;
    private readonly Linear _halt;
    private readonly int _inFeatures;
    private readonly int _updates;
    private readonly float _epsilon;
    private readonly float _start;

    /// <summary>Makes a layer.</summary>
    /// <param name="kind">The formula of S.</param>
    /// <param name="inFeatures">Features of each step.</param>
    /// <param name="units">H.</param>
    /// <param name="updates">M, the most updates of a step.</param>
    /// <param name="epsilon">ε, from 0 to 1, exclusive.</param>
    /// <param name="start">b when training begins; the paper has 1, which asks for about two updates.</param>
    public PonderRnn(RecurrentKind kind, int inFeatures, int units, int updates = 4, float epsilon = 0.01f, float start = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(units, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(updates, 1);
        if (!(epsilon > 0 && epsilon < 1 && float.IsFinite(start)))
        {
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, $"ε was {epsilon} and the start {start}; expected ε from 0 to 1, exclusive, and a finite start.");
        }

        int gates = RecurrentCell.GatesOf(kind) * units;
        _cell = new RecurrentCell(
            kind,
            AddParameter("weight_ih", new Shape(gates, inFeatures + 1)),
            AddParameter("weight_hh", new Shape(gates, units)),
            AddParameter("bias_ih", new Shape(gates), decays: false),
            AddParameter("bias_hh", new Shape(gates), decays: false));
        _halt = Add("halt", new Linear(units, 1));
        _inFeatures = inFeatures;
        _updates = updates;
        _epsilon = epsilon;
        _start = start;
    }

    private long InputMacs => (long)_cell.Gates * _cell.Units * (_inFeatures + 1);

    private long HiddenMacs => (long)_cell.Gates * _cell.Units * _cell.Units;

    private long StepMacs => (Math.Min(2, _updates) * InputMacs) + (_updates * HiddenMacs) + ((_updates - 1L) * _cell.Units);

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => input.Rank == 3 && input[2] == _inFeatures && input[1] > 0
        ? input.With(2, _cell.Units)
        : throw new ArgumentException($"The input has shape {input}; expected [N, steps, {_inFeatures}] with at least one step.", nameof(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => OutputShape(input)[0] * input[1] * StepMacs;

    /// <summary>Runs the layer over sequences of unequal lengths.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, T, in].</param>
    /// <param name="steps">The steps of each sample, a row a sample over T; none: all.</param>
    /// <returns>[N, T, H]; 0 where a sample has no step.</returns>
    /// <exception cref="ArgumentException">The shapes or the steps do not fit.</exception>
    public Tensor Forward(Context context, Tensor input, Selection steps)
    {
        ArgumentNullException.ThrowIfNull(context);
        _ = OutputShape(input.Shape);
        StepRows.Check(steps, input.Shape);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        bool isHard = context.Tape is null && context.Decisions == Engine.Execution.Decisions.Hard;
        return scope.Keep(isHard ? Hard(context, scope, input, steps) : Recorded(context, input, steps));
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        _cell.Initialize(random, 0, forgetBias: 1);
        _halt.Bias!.Value.Span.Fill(_start);
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory) => _cell.Freeze();

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) => Forward(context, input, default);

    // What the input contributes, with the mark of the first update or without.
    private Tensor FromInput(Context context, Tensor input, float mark)
    {
        Tensor marks = context.Workspace.Rent(input.Shape.With(-1, 1));
        marks.Span.Fill(mark);
        return _cell.FromInput(context, context.Concat(input.Shape.Rank - 1, input, marks));
    }

    private Tensor ScoreOf(Context context, Tensor state) => context.Sigmoid(_halt.Forward(context, _cell.HiddenOf(context, state))).Reshape(new Shape(state.Shape[0]));

    private Tensor Recorded(Context context, Tensor input, Selection steps)
    {
        (int samples, int count, int units) = (input.Shape[0], input.Shape[1], _cell.Units);
        Tensor first = FromInput(context, input, 1);
        Tensor later = FromInput(context, input, 0);
        Tensor none = context.Workspace.RentZeros(new Shape(samples, units));
        Tensor last = context.Workspace.RentZeros(new Shape(samples, _cell.StateWidth));
        Tensor total = default;
        Tensor[] outputs = new Tensor[count];
        Tensor[] states = new Tensor[_updates];
        Tensor[] scores = new Tensor[_updates - 1];
        for (int time = 0; time < count; time++)
        {
            for (int n = 0; n < _updates; n++)
            {
                states[n] = _cell.Step(context, StepRows.Of(context, n == 0 ? first : later, time), n == 0 ? last : states[n - 1]);
                if (n < scores.Length)
                {
                    scores[n] = ScoreOf(context, states[n]);
                }
            }

            Tensor next = context.Halt(scores, states, _epsilon, out Tensor ponder, out _, out _);
            Tensor hidden = _cell.HiddenOf(context, next);
            if (!steps.IsAll)
            {
                Tensor present = StepRows.MaskAt(context, steps, samples, time);
                next = context.Blend(present, next, last);
                hidden = context.Blend(present, hidden, none);
                ponder = context.Multiply(ponder.Reshape(present.Shape), present);
            }

            last = next;
            outputs[time] = hidden.Reshape(new Shape(samples, 1, units));
            total = total.Exists ? context.Add(total, ponder) : ponder;
        }

        if (context.Ledger is not null && samples > 0)
        {
            context.AddLossTerm(Halting.PonderTerm, Number, context.Scale(context.Sum(total), 1f / (steps.IsAll ? samples * count : steps.Count)));
        }

        return count == 1 ? outputs[0] : context.Concat(1, outputs);
    }

    private Tensor Hard(Context context, WorkspaceScope scope, Tensor input, Selection steps)
    {
        (int samples, int count, int units) = (input.Shape[0], input.Shape[1], _cell.Units);
        Tensor output = context.Workspace.RentZeros(new Shape(samples, count, units));
        Tensor last = context.Workspace.RentZeros(new Shape(samples, _cell.StateWidth));
        Tensor done = context.Workspace.RentZeros(new Shape(_updates, samples, count));
        PresentWalk.Run(context, new HardStep(this, done), input, steps, last, output, StepMacs);
        for (int n = 1; n < _updates && context.Ledger is not null; n++)
        {
            Selection selected = scope.Keep(context.Workspace.SelectAtLeast(samples, count, done.Rows(n, 1).Span, 0.5f));
            context.Record(new DecisionRecord { Layer = Number, Kind = DecisionKind.Branches, Rows = samples, Selected = selected, UnitMacs = CostOf(n) });
        }

        return output;
    }

    // All updates of one step for the samples that have it: the mean state.
    private Tensor Think(Context context, Tensor x, Tensor state, Selection present, Tensor done, int time)
    {
        int rows = x.Shape[0];
        int width = _cell.StateWidth;
        Selection outer = context.Samples;
        Tensor mean = context.Workspace.Rent(new Shape(rows, width));
        Tensor sums = context.Workspace.RentZeros(new Shape(rows));
        Selection active = Selection.All(1, rows);
        Tensor gates = default;
        for (int n = 0; n < _updates; n++)
        {
            context.Samples = outer;
            StepRows.CountOthers(context, active, rows, CostOf(n));
            if (active.IsEmpty)
            {
                continue;
            }

            context.Samples = active.IsAll ? outer : context.Workspace.Nest(outer, active);
            gates = n < 2 ? FromInput(context, context.GatherSamples(x, active), n == 0 ? 1 : 0) : gates;
            state = _cell.Step(context, gates, state);
            bool isLast = n == _updates - 1;
            Tensor scores = isLast ? default : ScoreOf(context, state);
            Tensor stays = context.Workspace.RentZeros(new Shape(state.Shape[0]));
            for (int i = 0; i < stays.Count; i++)
            {
                int row = active.IsAll ? i : active.Indices[i];
                bool halts = HaltingKernel.Step(ref sums.Span[row], isLast ? 0 : scores.Span[i], isLast, _epsilon, out float weight);
                HaltingKernel.Accumulate(weight, state.Span.Slice(i * width, width), mean.Span.Slice(row * width, width), n == 0);
                stays.Span[i] = halts ? 0 : 1;
                done.Span[(((n * done.Shape[1]) + (present.IsAll ? row : present.Indices[row])) * done.Shape[2]) + time] = 1;
            }

            Selection staying = context.Workspace.SelectAtLeast(1, stays.Count, stays.Span, 0.5f);
            if (staying.Count < stays.Count)
            {
                active = context.Workspace.Nest(active, staying);
                state = staying.IsEmpty ? state : context.GatherSamples(state, staying);
                gates = staying.IsEmpty || n == 0 ? gates : context.GatherSamples(gates, staying);
            }
        }

        context.Samples = outer;
        return mean;
    }

    // MACs of an update: the input is looked at anew at the first and at the second.
    private long CostOf(int update) => (update < 2 ? InputMacs : 0) + HiddenMacs + (update < _updates - 1 ? _cell.Units : 0);

    private readonly struct HardStep(PonderRnn layer, Tensor done) : ISequenceStep
    {
        public Tensor Take(Context context, WorkspaceScope turn, Tensor input, Tensor state, Selection rows, int time) =>
            layer.Think(context, input, state, rows, done, time);
    }
}
