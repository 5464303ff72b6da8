using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.TemporalWise.Text;

/// <summary>
/// A recurrent layer that decides at each step whether to update its state: [N, T, in] to [N, T, H] (Campos et al., "Skip RNN", ICLR 2018, section 3). With the
/// wish c, at first 1: u = [c &gt; ½], s′ = u·S(s, x) + (1 − u)·s, Δ = σ(W·s′ + b), c′ = u·Δ + (1 − u)·(c + min(Δ, 1 − c)). How long the layer will pause is
/// settled when it updates, so that inputs in between need not be looked at.
/// </summary>
/// <remarks>
/// One body trains and answers. While training, u passes gradients straight through, and the sum of u over a sample's steps, mean over the batch, becomes the term
/// <see cref="UpdatesTerm"/> of the loss, whose weight is the paper's λ. At inference a step runs for the samples that update, side by side; the others pay
/// nothing. For an LSTM, W reads the cell, as in the authors' code, where the paper has s. Gates stand in PyTorch's order.
/// </remarks>
public sealed class SkipRnn : Layer
{
    /// <summary>The name of the number of updates among the terms of the loss.</summary>
    public const string UpdatesTerm = "updates";

    /// <summary>What is added to the biases of the gates that keep the state when training begins.</summary>
    internal const float ForgetBias = 1;

    private const float Half = 0.5f;

    private readonly RecurrentCell _cell;
    private readonly Linear _update;
    private readonly float _updateBias;

    /// <summary>Makes a layer.</summary>
    /// <param name="kind">The formula of S.</param>
    /// <param name="inFeatures">Features of each step.</param>
    /// <param name="units">H.</param>
    /// <param name="updateBias">b when training begins: at 1 the layer updates nearly always.</param>
    /// <param name="bias">Whether S has biases.</param>
    public SkipRnn(RecurrentKind kind, int inFeatures, int units, float updateBias = 1, bool bias = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(units, 1);
        int gates = RecurrentCell.GatesOf(kind) * units;
        _cell = new RecurrentCell(
            kind,
            AddParameter("weight_ih", new Shape(gates, inFeatures)),
            AddParameter("weight_hh", new Shape(gates, units)),
            bias ? AddParameter("bias_ih", new Shape(gates), decays: false) : null,
            bias ? AddParameter("bias_hh", new Shape(gates), decays: false) : null);
        _update = Add("update", new Linear(units, 1));
        _updateBias = updateBias;
    }

    /// <summary>Elements of a sample's state: h, and for an LSTM the cell behind it.</summary>
    public int StateWidth => _cell.StateWidth;

    /// <summary>MACs of one update of one sample, the decision included.</summary>
    public long UpdateMacs => _cell.StepMacs + _cell.Units;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        if (input.Rank != 3 || input[2] != _cell.InFeatures || input[1] < 1)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, steps, {_cell.InFeatures}] with at least one step.", nameof(input));
        }

        return input.With(2, _cell.Units);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => OutputShape(input)[0] * input[1] * UpdateMacs;

    /// <summary>Runs the layer over sequences of unequal lengths.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, T, in].</param>
    /// <param name="steps">The steps of each sample, a row a sample over T; none: all.</param>
    /// <param name="initial">The state before the first step, [N, <see cref="StateWidth"/>]; none: zeros.</param>
    /// <param name="last">The state after the last step.</param>
    /// <param name="updates">u, [N, T]: 1 where a sample updated.</param>
    /// <returns>[N, T, H]; 0 where a sample has no step.</returns>
    /// <exception cref="ArgumentException">The shapes or the steps do not fit.</exception>
    public Tensor Forward(Context context, Tensor input, Selection steps, Tensor initial, out Tensor last, out Tensor updates)
    {
        ArgumentNullException.ThrowIfNull(context);
        _ = OutputShape(input.Shape);
        StepRows.Check(steps, input.Shape);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        bool isHard = context.Tape is null && context.Decisions == Engine.Execution.Decisions.Hard;
        Tensor output = isHard ? Hard(context, input, steps, initial, out last, out updates) : Recorded(context, input, steps, initial, out last, out updates);
        if (context.Ledger is not null)
        {
            Note(context, scope, updates, isHard);
        }

        _ = scope.Keep(last);
        _ = scope.Keep(updates);
        return scope.Keep(output);
    }

    /// <summary>Whether a stream will look at its next step.</summary>
    internal static bool WillRead(ReadOnlySpan<float> state) => state[^2] > Half;

    /// <summary>Whether a stream's c and Δ are within what they can be.</summary>
    internal static bool IsSound(ReadOnlySpan<float> state) => state[^2] is >= 0 and <= 1 && state[^1] is >= 0 and <= 1;

    /// <summary>Takes the next step of a stream; nothing is recorded.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[1, in].</param>
    /// <param name="state">[1, <see cref="StateWidth"/> + 2], the state, then c and Δ; changed in place.</param>
    /// <param name="isFirst">Whether it is the first step.</param>
    /// <returns>Whether the step was read.</returns>
    internal bool Step(Context context, Tensor input, Tensor state, bool isFirst)
    {
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        int width = _cell.StateWidth;
        float wish = isFirst ? 1 : state.Span[width];
        float increment = state.Span[width + 1];
        bool updates = wish > Half;
        if (updates)
        {
            Tensor next = _cell.Step(context, _cell.FromInput(context, input), context.Slice(state, 1, 0, width));
            StepRows.Put(next, default, state, 0, width);
            increment = context.Sigmoid(_update.Forward(context, _cell.CellOf(context, next))).Span[0];
        }
        else
        {
            context.Count(1, 0, UpdateMacs);
        }

        state.Span[width] = SkipUpdate.Next(updates, wish, increment);
        state.Span[width + 1] = increment;
        return updates;
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        _cell.Initialize(random, 0, ForgetBias);
        _update.Bias!.Value.Span.Fill(_updateBias);
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory) => _cell.Freeze();

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(Forward(context, input, default, default, out _, out _));
    }

    private void Note(Context context, WorkspaceScope scope, Tensor updates, bool isHard)
    {
        (int samples, int count) = (updates.Shape[0], updates.Shape[1]);
        Selection selected = isHard ? scope.Keep(context.Workspace.SelectAtLeast(samples, count, updates.Span, Half)) : default;
        context.Record(new DecisionRecord { Layer = Number, Kind = DecisionKind.Steps, Rows = samples, Selected = selected, Scores = isHard ? default : updates, UnitMacs = UpdateMacs });
        if (!isHard && samples > 0)
        {
            context.AddLossTerm(UpdatesTerm, Number, context.Scale(context.Sum(updates), 1f / samples));
        }
    }

    private Tensor Hard(Context context, Tensor input, Selection steps, Tensor initial, out Tensor last, out Tensor updates)
    {
        (int samples, int count, int units) = (input.Shape[0], input.Shape[1], _cell.Units);
        Tensor output = context.Workspace.RentZeros(new Shape(samples, count, units));
        last = StepRows.Copy(context, initial, new Shape(samples, _cell.StateWidth));
        updates = context.Workspace.RentZeros(new Shape(samples, count));
        Tensor wishes = context.Workspace.Rent(new Shape(samples));
        Tensor increments = context.Workspace.RentZeros(new Shape(samples));
        wishes.Span.Fill(1);
        Selection outer = context.Samples;
        try
        {
            for (int time = 0; time < count; time++)
            {
                using WorkspaceScope turn = context.Workspace.Enter();
                context.Samples = outer;
                Tensor present = StepRows.MaskAt(context, steps, samples, time);
                for (int n = 0; n < samples; n++)
                {
                    updates.Span[(n * count) + time] = present.Span[n] > 0 && wishes.Span[n] > Half ? 1 : 0;
                }

                Update(context, input, time, last, increments, updates);
                context.Samples = outer;
                for (int n = 0; n < samples; n++)
                {
                    wishes.Span[n] = SkipUpdate.Next(updates.Span[(n * count) + time] > 0, wishes.Span[n], increments.Span[n]);
                    if (present.Span[n] > 0)
                    {
                        last.Rows(n, 1).Span[..units].CopyTo(output.Span.Slice(((n * count) + time) * units, units));
                    }
                }
            }
        }
        finally
        {
            context.Samples = outer;
        }

        return output;
    }

    // One step for those who update.
    private void Update(Context context, Tensor input, int time, Tensor last, Tensor increments, Tensor updates)
    {
        int samples = last.Shape[0];
        Tensor chosen = StepRows.Of(context, updates.Reshape(new Shape(samples, updates.Shape[1], 1)), time);
        Selection rows = context.Workspace.SelectAtLeast(1, samples, chosen.Span, Half);
        rows = rows.Count == samples ? Selection.All(1, samples) : rows;
        StepRows.CountOthers(context, rows, samples, UpdateMacs);
        if (rows.IsEmpty)
        {
            return;
        }

        Tensor x = context.GatherSamples(StepRows.Of(context, input, time), rows);
        Tensor state = context.GatherSamples(last, rows);
        context.Samples = rows.IsAll ? context.Samples : context.Workspace.Nest(context.Samples, rows);
        Tensor next = _cell.Step(context, _cell.FromInput(context, x), state);
        StepRows.Put(next, rows, last, 0, _cell.StateWidth);
        StepRows.Put(context.Sigmoid(_update.Forward(context, _cell.CellOf(context, next))), rows, increments, 0, 1);
    }

    private Tensor Recorded(Context context, Tensor input, Selection steps, Tensor initial, out Tensor last, out Tensor updates)
    {
        (int samples, int count) = (input.Shape[0], input.Shape[1]);
        Tensor fromInput = _cell.FromInput(context, input);
        Tensor none = context.Workspace.RentZeros(new Shape(samples, _cell.Units));
        Tensor wish = context.Workspace.Rent(new Shape(samples));
        wish.Span.Fill(1);
        last = initial.Exists ? initial : context.Workspace.RentZeros(new Shape(samples, _cell.StateWidth));
        Tensor[] states = new Tensor[count];
        Tensor[] choices = new Tensor[count];
        for (int time = 0; time < count; time++)
        {
            Tensor update = context.StraightThrough(wish, Half);
            Tensor present = steps.IsAll ? default : StepRows.MaskAt(context, steps, samples, time);
            update = present.Exists ? context.Multiply(update, present) : update;
            Tensor candidate = _cell.Step(context, StepRows.Of(context, fromInput, time), last);
            last = context.Blend(update, candidate, last);
            Tensor hidden = _cell.HiddenOf(context, last);
            states[time] = (present.Exists ? context.Blend(present, hidden, none) : hidden).Reshape(new Shape(samples, 1, _cell.Units));
            choices[time] = update.Reshape(new Shape(samples, 1));
            Tensor increment = context.Sigmoid(_update.Forward(context, _cell.CellOf(context, last))).Reshape(new Shape(samples));
            wish = SkipUpdate.Next(context, update, wish, increment);
        }

        updates = count == 1 ? choices[0] : context.Concat(1, choices);
        return count == 1 ? states[0] : context.Concat(1, states);
    }
}
