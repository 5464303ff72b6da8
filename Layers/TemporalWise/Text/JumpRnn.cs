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
/// A recurrent layer that jumps: it reads R steps, draws a jump κ from softmax(W·h + b), goes on κ steps behind the last one read, or stops at κ = 0, or when it has
/// jumped often enough, or at the end (Yu, Lee and Le, "Learning to skim text", ACL 2017, section 2): [N, T, in] to the last state, [N, H].
/// </summary>
/// <remarks>
/// Jumps are actions: in training they are drawn, and the sum of their log-probabilities is told with the decision, for a policy gradient; at inference the most
/// likely is taken, and what is jumped over is not looked at. Samples read side by side, each at its own place.
/// </remarks>
public sealed class JumpRnn : Layer
{
    private readonly RecurrentCell _cell;
    private readonly Linear _jump;
    private readonly ChoiceRelaxation _relaxation;
    private readonly int _reads;
    private readonly int _jumps;

    /// <summary>Makes a layer.</summary>
    /// <param name="kind">The formula of the cell.</param>
    /// <param name="inFeatures">Features of each step.</param>
    /// <param name="units">H.</param>
    /// <param name="reads">R, steps read before each jump.</param>
    /// <param name="longestJump">The largest κ.</param>
    /// <param name="jumps">The most jumps of a sample.</param>
    /// <param name="relaxation">How jumps are trained; none: they are drawn, for policy gradients.</param>
    public JumpRnn(RecurrentKind kind, int inFeatures, int units, int reads, int longestJump, int jumps, ChoiceRelaxation? relaxation = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(units, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(reads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(longestJump, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(jumps, 0);
        int gates = RecurrentCell.GatesOf(kind) * units;
        _cell = new RecurrentCell(
            kind,
            AddParameter("weight_ih", new Shape(gates, inFeatures)),
            AddParameter("weight_hh", new Shape(gates, units)),
            AddParameter("bias_ih", new Shape(gates), decays: false),
            AddParameter("bias_hh", new Shape(gates), decays: false));
        _jump = Add("jump", new Linear(units, longestJump + 1));
        _relaxation = relaxation ?? new CategoricalActionRelaxation();
        _reads = reads;
        _jumps = jumps;
    }

    private long JumpMacs => (long)_cell.Units * _jump.Weight.Shape[0];

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => input.Rank == 3 && input[2] == _cell.InFeatures && input[1] > 0
        ? new Shape(input[0], _cell.Units)
        : throw new ArgumentException($"The input has shape {input}; expected [N, steps, {_cell.InFeatures}] with at least one step.", nameof(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        _ = OutputShape(input);
        return input[0] * ((input[1] * _cell.StepMacs) + (Math.Min(_jumps, (input[1] - 1) / _reads) * JumpMacs));
    }

    /// <summary>Runs the layer over sequences of unequal lengths.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, T, in].</param>
    /// <param name="steps">The steps of each sample, from the first on, a row a sample over T; none: all.</param>
    /// <param name="read">1 where a sample read, [N, T].</param>
    /// <returns>The state after the last step read, [N, H].</returns>
    /// <exception cref="ArgumentException">The shapes or the steps do not fit.</exception>
    public Tensor Forward(Context context, Tensor input, Selection steps, out Tensor read)
    {
        ArgumentNullException.ThrowIfNull(context);
        Shape shape = OutputShape(input.Shape);
        StepRows.Check(steps, input.Shape);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        read = context.Workspace.RentZeros(new Shape(shape[0], input.Shape[1]));
        bool isHard = context.Decisions == Engine.Execution.Decisions.Hard;
        Tensor log = default;
        Tensor state = context.Tape is null && isHard ? Hard(context, input, steps, read) : Recorded(context, input, steps, read, out log);
        if (context.Ledger is not null)
        {
            Selection selected = isHard ? scope.Keep(context.Workspace.SelectAtLeast(shape[0], input.Shape[1], read.Span, 0.5f)) : default;
            context.Record(new DecisionRecord
            {
                Layer = Number,
                Kind = DecisionKind.Steps,
                Rows = shape[0],
                Selected = selected,
                Scores = isHard ? default : read,
                LogProbabilities = isHard ? default : log,
                UnitMacs = _cell.StepMacs,
            });
        }

        _ = scope.Keep(read);
        return scope.Keep(_cell.HiddenOf(context, state));
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random) => _cell.Initialize(random, 0, forgetBias: 1);

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory) => _cell.Freeze();

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(Forward(context, input, default, out _));
    }

    // For each sample the next step to read, the steps to read before the next jump, and the jumps left, as whole numbers; a place of −1: it has stopped.
    private Tensor Begin(Context context, int samples)
    {
        Tensor walk = context.Workspace.RentZeros(new Shape(samples, 3));
        for (int n = 0; n < samples; n++)
        {
            walk.Span[(3 * n) + 1] = _reads;
            walk.Span[(3 * n) + 2] = _jumps;
        }

        return walk;
    }

    // After a step: whether the sample must jump now.
    private static bool Advance(Span<float> walk, int length)
    {
        walk[0]++;
        walk[1]--;
        if (walk[0] >= length || (walk[1] == 0 && walk[2] == 0))
        {
            walk[0] = -1;
            return false;
        }

        return walk[1] == 0;
    }

    private void Jump(Span<float> walk, int jump, int length)
    {
        walk[0] = jump == 0 || walk[0] + jump - 1 >= length ? -1 : walk[0] + jump - 1;
        walk[1] = _reads;
        walk[2]--;
    }

    private Tensor Hard(Context context, Tensor input, Selection steps, Tensor read)
    {
        (int samples, int count) = (input.Shape[0], input.Shape[1]);
        Tensor last = context.Workspace.RentZeros(new Shape(samples, _cell.StateWidth));
        Tensor walk = Begin(context, samples);
        Tensor macs = context.Workspace.RentZeros(new Shape(samples));
        Selection outer = context.Samples;
        try
        {
            for (int turn = 0; turn < count; turn++)
            {
                using WorkspaceScope scope = context.Workspace.Enter();
                context.Samples = outer;
                Selection rows = Reading(context, walk);
                if (!rows.IsAll && rows.IsEmpty)
                {
                    break;
                }

                Tensor x = context.Workspace.Rent(new Shape(rows.IsAll ? samples : rows.Count, _cell.InFeatures));
                for (int i = 0; i < x.Shape[0]; i++)
                {
                    int sample = rows.IsAll ? i : rows.Indices[i];
                    int place = (int)walk.Span[3 * sample];
                    input.Rows(sample, 1).Span.Slice(place * _cell.InFeatures, _cell.InFeatures).CopyTo(x.Rows(i, 1).Span);
                    read.Span[(sample * count) + place] = 1;
                }

                Tensor state = context.GatherSamples(last, rows);
                context.Samples = rows.IsAll ? outer : context.Workspace.Nest(outer, rows);
                Tensor next = _cell.Step(context, _cell.FromInput(context, x), state);
                StepRows.Put(next, rows, last, 0, _cell.StateWidth);
                JumpAll(context, outer, last, walk, rows, steps, count, macs);
            }
        }
        finally
        {
            context.Samples = outer;
        }

        CountJumped(context, read, macs, input.Shape);
        return last;
    }

    private void JumpAll(Context context, Selection outer, Tensor last, Tensor walk, Selection rows, Selection steps, int count, Tensor jumps)
    {
        int samples = last.Shape[0];
        Tensor jumping = context.Workspace.RentZeros(new Shape(samples));
        for (int i = 0; i < (rows.IsAll ? samples : rows.Count); i++)
        {
            int sample = rows.IsAll ? i : rows.Indices[i];
            jumping.Span[sample] = Advance(walk.Rows(sample, 1).Span, steps.IsAll ? count : steps.RowCount(sample)) ? 1 : 0;
            jumps.Span[sample] += jumping.Span[sample];
        }

        Selection chosen = context.Workspace.SelectAtLeast(1, samples, jumping.Span, 0.5f);
        if (chosen.IsEmpty)
        {
            return;
        }

        context.Samples = context.Workspace.Nest(outer, chosen);
        Tensor logits = _jump.Forward(context, _cell.HiddenOf(context, context.GatherSamples(last, chosen)));
        for (int i = 0; i < chosen.Count; i++)
        {
            int sample = chosen.Indices[i];
            Jump(walk.Rows(sample, 1).Span, Largest(logits.Rows(i, 1).Span), steps.IsAll ? count : steps.RowCount(sample));
        }
    }

    private void CountJumped(Context context, Tensor read, Tensor jumps, Shape input)
    {
        if (context.Meter is null)
        {
            return;
        }

        int count = input[1];
        long dense = CountMacs(input.With(0, 1));
        for (int n = 0; n < input[0]; n++)
        {
            long reads = 0;
            foreach (float one in read.Span.Slice(n * count, count))
            {
                reads += (long)one;
            }

            context.CountRow(n, 0, dense - (reads * _cell.StepMacs) - ((long)jumps.Span[n] * JumpMacs));
        }
    }

    private static Selection Reading(Context context, Tensor walk)
    {
        int samples = walk.Shape[0];
        Tensor mask = context.Workspace.Rent(new Shape(samples));
        for (int n = 0; n < samples; n++)
        {
            mask.Span[n] = walk.Span[3 * n] >= 0 ? 1 : 0;
        }

        Selection rows = context.Workspace.SelectAtLeast(1, samples, mask.Span, 0.5f);
        return rows.Count == samples ? Selection.All(1, samples) : rows;
    }

    private static int Largest(ReadOnlySpan<float> row)
    {
        int best = 0;
        for (int i = 1; i < row.Length; i++)
        {
            best = row[i] > row[best] ? i : best;
        }

        return best;
    }

    // All samples take every turn; those that have stopped keep their state.
    private Tensor Recorded(Context context, Tensor input, Selection steps, Tensor read, out Tensor log)
    {
        (int samples, int count, int width) = (input.Shape[0], input.Shape[1], input.Shape[2]);
        Tensor table = input.Reshape(new Shape(samples * count, width));
        Tensor state = context.Workspace.RentZeros(new Shape(samples, _cell.StateWidth));
        Tensor walk = Begin(context, samples);
        log = context.Workspace.RentZeros(new Shape(samples));
        int[] places = new int[samples];
        for (int turn = 0; turn < count; turn++)
        {
            Tensor active = context.Workspace.RentZeros(new Shape(samples));
            Tensor jumping = context.Workspace.RentZeros(new Shape(samples));
            bool isAny = false;
            bool jumps = false;
            for (int n = 0; n < samples; n++)
            {
                Span<float> own = walk.Rows(n, 1).Span;
                int place = (int)own[0];
                places[n] = (n * count) + Math.Max(0, place);
                if (place >= 0)
                {
                    isAny = true;
                    active.Span[n] = 1;
                    read.Span[places[n]] = 1;
                    jumping.Span[n] = Advance(own, steps.IsAll ? count : steps.RowCount(n)) ? 1 : 0;
                    jumps |= jumping.Span[n] > 0;
                }
            }

            if (!isAny)
            {
                break;
            }

            state = context.Blend(active, _cell.Step(context, _cell.FromInput(context, context.GatherRows(table, places)), state), state);
            if (jumps)
            {
                log = Draw(context, state, walk, jumping, steps, count, turn, log);
            }
        }

        return state;
    }

    private Tensor Draw(Context context, Tensor state, Tensor walk, Tensor jumping, Selection steps, int count, int turn, Tensor log)
    {
        Tensor logits = _jump.Forward(context, _cell.HiddenOf(context, state));
        bool isHard = context.Decisions == Engine.Execution.Decisions.Hard;
        RelaxedChoice choice = isHard ? new RelaxedChoice(logits) : _relaxation.Relax(context, logits, context.NoiseOf(this, turn));
        for (int n = 0; n < jumping.Count; n++)
        {
            if (jumping.Span[n] > 0)
            {
                Jump(walk.Rows(n, 1).Span, Largest(choice.Scores.Rows(n, 1).Span), steps.IsAll ? count : steps.RowCount(n));
            }
        }

        return choice.LogProbabilities.Exists ? context.Add(log, context.Multiply(choice.LogProbabilities.Reshape(log.Shape), jumping)) : log;
    }
}
