using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Gating;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.TemporalWise.Text;

/// <summary>
/// One layer of a transformer's encoder, run on each token as often as it needs: [N, T, E] to the same (Dehghani et al., "Universal transformers", ICLR 2019, sections
/// 2.1 and 2.2, with the halting of Graves, 2016). s^{n+1} = F(s^n + τ_n) with a trained vector τ_n for each time; a token halts when its scores σ(w·s^n + b) add up to
/// 1 − ε, or after M times, and what goes on is the mean of its states, weighed by the scores and the last by what is left of 1.
/// </summary>
/// <remarks>
/// A token that has halted keeps its state and is still attended to, but asks nothing any more: at inference its queries and its feed-forward part do not run. The
/// paper's code goes on with halted tokens too, and has sines in place of τ. The mean ponder cost over tokens is the term "ponder" of the loss.
/// </remarks>
public sealed class PonderEncoder : Layer
{
    private readonly TransformerEncoderLayer _layer;
    private readonly Linear _halt;
    private readonly Parameter _times;
    private readonly int _width;
    private readonly int _most;
    private readonly float _epsilon;
    private readonly float _start;

    /// <summary>Makes a layer.</summary>
    /// <param name="layer">F.</param>
    /// <param name="width">E.</param>
    /// <param name="times">M.</param>
    /// <param name="epsilon">ε, from 0 to 1, exclusive.</param>
    /// <param name="start">b when training begins.</param>
    public PonderEncoder(TransformerEncoderLayer layer, int width, int times, float epsilon = 0.01f, float start = -1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(times, 1);
        if (!(epsilon > 0 && epsilon < 1 && float.IsFinite(start)))
        {
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, $"ε was {epsilon} and the start {start}; expected ε from 0 to 1, exclusive, and a finite start.");
        }

        _layer = Add("layer", layer);
        _halt = Add("halt", new Linear(width, 1));
        _times = AddParameter("times", new Shape(times, width), decays: false);
        _width = width;
        _most = times;
        _epsilon = epsilon;
        _start = start;
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _layer.OutputShape(input);

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => (_most * _layer.CountMacs(input)) + ((_most - 1L) * input[0] * input[1] * _width);

    /// <summary>Runs the layer over sequences of unequal lengths.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, T, E].</param>
    /// <param name="tokens">The tokens of each sample, a row a sample over T, none of them empty; none: all.</param>
    /// <returns>[N, T, E]; undefined where there is no token.</returns>
    /// <exception cref="ArgumentException">The tokens do not fit.</exception>
    public Tensor Forward(Context context, Tensor input, Selection tokens)
    {
        ArgumentNullException.ThrowIfNull(context);
        _ = OutputShape(input.Shape);
        StepRows.Check(tokens, input.Shape);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        bool isHard = context.Tape is null && context.Decisions == Engine.Execution.Decisions.Hard;
        return scope.Keep(isHard ? Hard(context, scope, input, tokens) : Together(context, input, tokens));
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        Initializers.Normal(_times, random, 0.02f);
        _halt.Bias!.Value.Span.Fill(_start);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) => Forward(context, input, default);

    private Tensor WithTime(Context context, Tensor state, int time) => context.Add(state, context.Slice(_times.Value, 0, time, 1).Reshape(new Shape(1, 1, _width)));

    // All tokens run all times, those that have halted with weight 0.
    private Tensor Together(Context context, Tensor input, Selection tokens)
    {
        Shape shape = input.Shape;
        int rows = shape[0] * shape[1];
        Shape table = new(rows, _width);
        Tensor[] states = new Tensor[_most];
        Tensor[] scores = new Tensor[_most - 1];
        Tensor sums = context.Workspace.RentZeros(new Shape(rows));
        Tensor state = input;
        for (int time = 0; time < _most; time++)
        {
            states[time] = _layer.Forward(context, WithTime(context, state, time), tokens, out _).Reshape(table);
            if (time == scores.Length)
            {
                break;
            }

            Tensor moves = context.Workspace.Rent(sums.Shape);
            scores[time] = context.Sigmoid(_halt.Forward(context, states[time])).Reshape(sums.Shape);
            for (int i = 0; i < rows; i++)
            {
                moves.Span[i] = sums.Span[i] < 1 ? 1 : 0;
                if (moves.Span[i] > 0 && HaltingKernel.Step(ref sums.Span[i], scores[time].Span[i], false, _epsilon, out _))
                {
                    sums.Span[i] = 1;
                }
            }

            state = context.Blend(moves, states[time], state.Reshape(table)).Reshape(shape);
        }

        Tensor output = context.Halt(scores, states, _epsilon, out Tensor ponder, out _, out _);
        if (context.Ledger is not null && rows > 0)
        {
            Tensor costs = tokens.IsAll ? ponder : context.Multiply(ponder.Reshape(new Shape(shape[0], shape[1])), context.MaskOf(tokens));
            context.AddLossTerm(Halting.PonderTerm, Number, context.Scale(context.Sum(costs), 1f / (tokens.IsAll ? rows : tokens.Count)));
        }

        return output.Reshape(shape);
    }

    private Tensor Hard(Context context, WorkspaceScope scope, Tensor input, Selection tokens)
    {
        Shape shape = input.Shape;
        Tensor output = context.Workspace.RentZeros(shape);
        Tensor runs = context.Workspace.RentZeros(new Shape(_most, shape[0], shape[1]));
        Selection outer = context.Samples;
        try
        {
            for (int n = 0; n < shape[0]; n++)
            {
                using WorkspaceScope turn = context.Workspace.Enter();
                ReadOnlySpan<int> own = tokens.IsAll ? default : tokens.Row(n);
                int count = tokens.IsAll ? shape[1] : own.Length;
                context.Samples = outer;
                context.CountRow(n, 0, CountMacs(shape.With(0, 1)) - CountMacs(new Shape(1, count, _width)));
                context.Samples = context.Workspace.Select(outer.IsAll ? shape[0] : outer.Universe, [context.SampleOf(n)]);
                Tensor sequence = context.Workspace.Rent(new Shape(1, count, _width));
                for (int i = 0; i < count; i++)
                {
                    Place(input, (n * shape[1]) + (own.IsEmpty ? i : own[i]), sequence, i);
                }

                Tensor mean = Think(context, sequence, runs, n, own);
                for (int i = 0; i < count; i++)
                {
                    Place(mean, i, output, (n * shape[1]) + (own.IsEmpty ? i : own[i]));
                }
            }
        }
        finally
        {
            context.Samples = outer;
        }

        // Which tokens went on after the first time, and after each that followed.
        for (int time = 1; time < _most && context.Ledger is not null; time++)
        {
            Selection selected = scope.Keep(context.Workspace.SelectAtLeast(shape[0], shape[1], runs.Rows(time, 1).Span, 0.5f));
            long macs = _layer.CountMacs(new Shape(1, 2, _width)) - _layer.CountMacs(new Shape(1, 1, _width));
            context.Record(new DecisionRecord { Layer = Number, Kind = DecisionKind.Tokens, Rows = shape[0], Selected = selected, UnitMacs = macs });
        }

        return output;
    }

    // One sample, [1, tokens, E]: the mean of each token's states.
    private Tensor Think(Context context, Tensor state, Tensor runs, int sample, ReadOnlySpan<int> own)
    {
        int count = state.Shape[1];
        int length = runs.Shape[2];
        Tensor mean = context.Workspace.Rent(state.Shape);
        Tensor sums = context.Workspace.RentZeros(new Shape(count));
        Selection active = Selection.All(1, count);
        long dense = _layer.CountMacs(state.Shape);
        for (int time = 0; time < _most; time++)
        {
            bool isLast = time == _most - 1;
            int left = active.IsAll ? count : active.Count;
            context.CountRow(0, 0, isLast ? 0 : (long)(count - left) * _width);
            context.CountRow(0, 0, left == 0 ? dense : dense - _layer.MacsAt(left, count));
            if (left == 0)
            {
                continue;
            }

            using WorkspaceScope scope = context.Workspace.Enter();
            Tensor next = _layer.ForwardAt(context, WithTime(context, state, time), active);
            Tensor scores = isLast ? default : context.Sigmoid(_halt.Forward(context, next));
            Tensor stays = context.Workspace.RentZeros(new Shape(count));
            for (int i = 0; i < left; i++)
            {
                int token = active.IsAll ? i : active.Indices[i];
                bool halts = HaltingKernel.Step(ref sums.Span[token], isLast ? 0 : scores.Span[i], isLast, _epsilon, out float weight);
                HaltingKernel.Accumulate(weight, next.Span.Slice(i * _width, _width), mean.Span.Slice(token * _width, _width), time == 0);
                Place(next, i, state, token);
                stays.Span[token] = halts ? 0 : 1;
                runs.Span[(((time * runs.Shape[1]) + sample) * length) + (own.IsEmpty ? token : own[token])] = 1;
            }

            active = scope.Keep(context.Workspace.SelectAtLeast(1, count, stays.Span, 0.5f));
            active = active.Count == count ? Selection.All(1, count) : active;
        }

        return mean;
    }

    private void Place(Tensor from, int row, Tensor to, int place) => from.Span.Slice(row * _width, _width).CopyTo(to.Span.Slice(place * _width, _width));
}
