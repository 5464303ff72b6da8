using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.TemporalWise.Text;

/// <summary>
/// A recurrent layer of two sizes: at each step a gate chooses to read, which updates the whole state, or to skim, which updates its first d′ units with a small
/// cell and copies the rest: [N, T, in] to [N, T, H] (Seo et al., "Neural speed reading via Skim-RNN", ICLR 2018, section 3). The gate is σ(w·[x; h] + b).
/// </summary>
/// <remarks>
/// At inference readers and skimmers run side by side, each group by itself. In training the relaxation mixes both results (the paper: Gumbel-softmax, whose
/// two-way case the Gumbel sigmoid is), and the mean over steps of −log p(skim) becomes the term <see cref="SkimTerm"/> of the loss (equation 9).
/// </remarks>
public sealed class SkimRnn : Layer
{
    /// <summary>The name of what skimming is asked for by among the terms of the loss.</summary>
    public const string SkimTerm = "skim";

    private readonly RecurrentCell _full;
    private readonly RecurrentCell _small;
    private readonly Linear _gate;
    private readonly BinaryRelaxation _relaxation;
    private readonly float _openness;

    /// <summary>Makes a layer.</summary>
    /// <param name="kind">The formula of both cells.</param>
    /// <param name="inFeatures">Features of each step.</param>
    /// <param name="units">H.</param>
    /// <param name="smallUnits">d′, at least 1 and below H.</param>
    /// <param name="openness">The logit of reading when training begins.</param>
    /// <param name="relaxation">How the gate is trained; none: a Gumbel sigmoid.</param>
    public SkimRnn(RecurrentKind kind, int inFeatures, int units, int smallUnits, float openness = 0, BinaryRelaxation? relaxation = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(smallUnits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(smallUnits, units);
        _full = Cell(kind, inFeatures, units, string.Empty);
        _small = Cell(kind, inFeatures, smallUnits, "_small");
        _gate = Add("gate", new Linear(inFeatures + units, 1));
        _relaxation = relaxation ?? new GumbelSigmoidRelaxation();
        _openness = openness;
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        if (input.Rank != 3 || input[2] != _full.InFeatures || input[1] < 1)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, steps, {_full.InFeatures}] with at least one step.", nameof(input));
        }

        return input.With(2, _full.Units);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => OutputShape(input)[0] * input[1] * (_full.StepMacs + _full.InFeatures + _full.Units);

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
        return scope.Keep(isHard ? Hard(context, scope, input, steps) : Relaxed(context, input, steps));
    }

    /// <summary>Elements of a sample's state: h, and for an LSTM the cell behind it.</summary>
    internal int StateWidth => _full.StateWidth;

    /// <summary>Takes the next step of a stream; nothing is recorded.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[1, in].</param>
    /// <param name="state">[1, <see cref="StateWidth"/>]; changed in place.</param>
    /// <returns>Whether the step was read, not skimmed.</returns>
    internal bool Step(Context context, Tensor input, Tensor state)
    {
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor reads = context.Workspace.Rent(new Shape(1, 1));
        Advance(context, input, state, reads, Selection.All(1, 1), 0);
        return reads.Span[0] > 0;
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        _full.Initialize(random, 0, forgetBias: 1);
        _small.Initialize(random, 4, forgetBias: 1);
        _gate.Bias!.Value.Span.Fill(_openness);
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory)
    {
        _full.Freeze();
        _small.Freeze();
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) => Forward(context, input, default);

    private RecurrentCell Cell(RecurrentKind kind, int inFeatures, int units, string suffix)
    {
        int gates = RecurrentCell.GatesOf(kind) * units;
        return new RecurrentCell(
            kind,
            AddParameter("weight_ih" + suffix, new Shape(gates, inFeatures)),
            AddParameter("weight_hh" + suffix, new Shape(gates, units)),
            AddParameter("bias_ih" + suffix, new Shape(gates), decays: false),
            AddParameter("bias_hh" + suffix, new Shape(gates), decays: false));
    }

    private Tensor Hard(Context context, WorkspaceScope scope, Tensor input, Selection steps)
    {
        (int samples, int count, int units) = (input.Shape[0], input.Shape[1], _full.Units);
        Tensor output = context.Workspace.RentZeros(new Shape(samples, count, units));
        Tensor last = context.Workspace.RentZeros(new Shape(samples, _full.StateWidth));
        Tensor reads = context.Workspace.RentZeros(new Shape(samples, count));
        PresentWalk.Run(context, new HardStep(this, reads), input, steps, last, output, _full.StepMacs + _full.InFeatures + units);
        if (context.Ledger is not null)
        {
            Selection selected = scope.Keep(context.Workspace.SelectAtLeast(samples, count, reads.Span, 0.5f));
            context.Record(new DecisionRecord { Layer = Number, Kind = DecisionKind.Steps, Rows = samples, Selected = selected, UnitMacs = _full.StepMacs - _small.StepMacs });
        }

        return output;
    }

    // One step of the samples that have it; their states are changed in place.
    private void Advance(Context context, Tensor x, Tensor state, Tensor reads, Selection present, int time)
    {
        int rows = x.Shape[0];
        Selection outer = context.Samples;
        Tensor logits = _gate.Forward(context, context.Concat(1, x, _full.HiddenOf(context, state)));
        Selection readers = context.DecideSamples(logits, _relaxation, this, time).Selected;
        readers = readers.Count == rows ? Selection.All(1, rows) : readers;
        for (int i = 0; i < rows; i++)
        {
            bool isReader = readers.IsAll || readers.Indices.BinarySearch(i) >= 0;
            int sample = present.IsAll ? i : present.Indices[i];
            reads.Span[(sample * reads.Shape[1]) + time] = isReader ? 1 : 0;
        }

        Tensor before = context.Workspace.RentCopy(state.Shape, state.Span);
        Group(context, readers, outer, x, before, state, isSmall: false);
        if (!readers.IsAll)
        {
            Group(context, context.Workspace.Complement(readers), outer, x, before, state, isSmall: true);
        }
    }

    private void Group(Context context, Selection rows, Selection outer, Tensor x, Tensor before, Tensor state, bool isSmall)
    {
        if (!rows.IsAll && rows.IsEmpty)
        {
            return;
        }

        context.Samples = rows.IsAll ? outer : context.Workspace.Nest(outer, rows);
        Tensor inputs = context.GatherSamples(x, rows);
        Tensor states = context.GatherSamples(before, rows);
        if (isSmall)
        {
            context.Count(inputs.Shape[0], 0, _full.StepMacs - _small.StepMacs);
            Tensor next = _small.Step(context, _small.FromInput(context, inputs), Narrow(context, states));
            StepRows.Put(next, rows, state, 0, _small.Units);
            if (_full.Kind == RecurrentKind.Lstm)
            {
                StepRows.Put(_small.CellOf(context, next), rows, state, _full.Units, _small.Units);
            }
        }
        else
        {
            StepRows.Put(_full.Step(context, _full.FromInput(context, inputs), states), rows, state, 0, _full.StateWidth);
        }

        context.Samples = outer;
    }

    // The part of a state that the small cell has.
    private Tensor Narrow(Context context, Tensor state)
    {
        Tensor hidden = context.Slice(state, 1, 0, _small.Units);
        return _full.Kind == RecurrentKind.Lstm ? context.Concat(1, hidden, context.Slice(state, 1, _full.Units, _small.Units)) : hidden;
    }

    // What the small cell gives, with the rest of the state behind each part.
    private Tensor Widen(Context context, Tensor small, Tensor state)
    {
        int rest = _full.Units - _small.Units;
        Tensor hidden = context.Concat(1, _small.HiddenOf(context, small), context.Slice(state, 1, _small.Units, rest));
        return _full.Kind == RecurrentKind.Lstm
            ? context.Concat(1, hidden, _small.CellOf(context, small), context.Slice(state, 1, _full.Units + _small.Units, rest))
            : hidden;
    }

    private Tensor Relaxed(Context context, Tensor input, Selection steps)
    {
        (int samples, int count) = (input.Shape[0], input.Shape[1]);
        Tensor full = _full.FromInput(context, input);
        Tensor small = _small.FromInput(context, input);
        Tensor none = context.Workspace.RentZeros(new Shape(samples, _full.Units));
        Tensor last = context.Workspace.RentZeros(new Shape(samples, _full.StateWidth));
        Tensor[] states = new Tensor[count];
        Tensor[] scores = new Tensor[count];
        Tensor[] wishes = new Tensor[count];
        for (int time = 0; time < count; time++)
        {
            Tensor logits = _gate.Forward(context, context.Concat(1, StepRows.Of(context, input, time), _full.HiddenOf(context, last)));
            Tensor score = ScoreOf(context, logits, time);
            Tensor read = _full.Step(context, StepRows.Of(context, full, time), last);
            Tensor skimmed = Widen(context, _small.Step(context, StepRows.Of(context, small, time), Narrow(context, last)), last);
            Tensor next = context.Blend(score, read, skimmed);
            Tensor hidden = _full.HiddenOf(context, next);

            // −log p(skim) = −log(1 − σ(l)) = softplus(l).
            wishes[time] = context.Softplus(logits);
            if (!steps.IsAll)
            {
                Tensor present = StepRows.MaskAt(context, steps, samples, time);
                next = context.Blend(present, next, last);
                hidden = context.Blend(present, hidden, none);
                score = context.Multiply(score, present);
                wishes[time] = context.Multiply(wishes[time], present.Reshape(new Shape(samples, 1)));
            }

            last = next;
            states[time] = hidden.Reshape(new Shape(samples, 1, _full.Units));
            scores[time] = score.Reshape(new Shape(samples, 1));
        }

        if (context.Ledger is not null && samples > 0)
        {
            Tensor all = count == 1 ? scores[0] : context.Concat(1, scores);
            Tensor wish = count == 1 ? wishes[0] : context.Concat(1, wishes);
            context.Record(new DecisionRecord { Layer = Number, Kind = DecisionKind.Steps, Rows = samples, Scores = all, UnitMacs = _full.StepMacs - _small.StepMacs });
            int valid = steps.IsAll ? samples * count : steps.Count;
            context.AddLossTerm(SkimTerm, Number, context.Scale(context.Sum(wish), 1f / valid));
        }

        return count == 1 ? states[0] : context.Concat(1, states);
    }

    // Hard decisions while a tape records, too, so that what trains and what answers can be compared.
    private Tensor ScoreOf(Context context, Tensor logits, int time) => context.Decisions == Engine.Execution.Decisions.Hard
        ? context.StraightThrough(context.Sigmoid(logits)).Reshape(new Shape(logits.Shape[0]))
        : context.DecideSamples(logits, _relaxation, this, time).Scores;

    private readonly struct HardStep(SkimRnn layer, Tensor reads) : ISequenceStep
    {
        public Tensor Take(Context context, WorkspaceScope turn, Tensor input, Tensor state, Selection rows, int time)
        {
            layer.Advance(context, input, state, reads, rows, time);
            return state;
        }
    }
}
