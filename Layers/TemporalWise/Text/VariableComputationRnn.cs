using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.TemporalWise.Text;

/// <summary>
/// A recurrent layer that chooses at each step how many of its first units to update: [N, T, in] to [N, T, H] (Jernite et al., "Variable computation in recurrent
/// neural networks", ICLR 2017, section 3). m = σ(u·[x; h] + b); with the mask e of the first m·H units, h′ = e ⊙ S(x, e ⊙ h) + (1 − e) ⊙ h.
/// </summary>
/// <remarks>
/// e_i = [σ(λ·(m·B − i − ½)) ≥ ½] for block i of B blocks of units, with the gradient of the sigmoid passed straight through: the paper uses the soft mask with rising
/// λ and cuts it at both ends. Its x is masked too, where it has as many elements as h; here all of it is read. At inference only the chosen rows and columns of the
/// weights are multiplied. The mean of m over steps becomes the term <see cref="ShareTerm"/> of the loss. Cells are plain or gated recurrent units.
/// </remarks>
public sealed class VariableComputationRnn : Layer
{
    /// <summary>The name of the share of units updated among the terms of the loss.</summary>
    public const string ShareTerm = "share";

    private readonly RecurrentKind _kind;
    private readonly int _units;
    private readonly int _inFeatures;
    private readonly int _blockSize;
    private readonly int _gates;
    private readonly float _sharpness;
    private readonly float _openness;
    private readonly Parameter _inputWeight;
    private readonly Parameter _hiddenWeight;
    private readonly Parameter _inputBias;
    private readonly Parameter _hiddenBias;
    private readonly Linear _scheduler;

    /// <summary>Makes a layer.</summary>
    /// <param name="kind">The formula of S; no LSTM.</param>
    /// <param name="inFeatures">Features of each step.</param>
    /// <param name="units">H, a multiple of the block.</param>
    /// <param name="blockSize">Units that are chosen together.</param>
    /// <param name="sharpness">λ, above 0.</param>
    /// <param name="openness">b when training begins.</param>
    public VariableComputationRnn(RecurrentKind kind, int inFeatures, int units, int blockSize = 8, float sharpness = 1, float openness = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(blockSize, 1);
        if (kind == RecurrentKind.Lstm || units < 1 || units % blockSize != 0 || !(sharpness > 0))
        {
            throw new ArgumentException($"{units} units of kind {kind} in blocks of {blockSize} with sharpness {sharpness} were asked for; expected whole blocks of plain or gated units and a sharpness above 0.", nameof(units));
        }

        _kind = kind;
        _units = units;
        _inFeatures = inFeatures;
        _blockSize = blockSize;
        _gates = RecurrentCell.GatesOf(kind);
        _sharpness = sharpness;
        _openness = openness;
        _inputWeight = AddParameter("weight_ih", new Shape(_gates * units, inFeatures));
        _hiddenWeight = AddParameter("weight_hh", new Shape(_gates * units, units));
        _inputBias = AddParameter("bias_ih", new Shape(_gates * units), decays: false);
        _hiddenBias = AddParameter("bias_hh", new Shape(_gates * units), decays: false);
        _scheduler = Add("scheduler", new Linear(inFeatures + units, 1));
    }

    private int Blocks => _units / _blockSize;

    private long RuleMacs => _inFeatures + _units;

    private long BlockMacs => (long)_gates * _blockSize * (_inFeatures + _units);

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => input.Rank == 3 && input[2] == _inFeatures && input[1] > 0
        ? input.With(2, _units)
        : throw new ArgumentException($"The input has shape {input}; expected [N, steps, {_inFeatures}] with at least one step.", nameof(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => OutputShape(input)[0] * input[1] * (((long)_gates * _units * (_inFeatures + _units)) + RuleMacs);

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
        return scope.Keep(isHard ? Hard(context, input, steps) : Recorded(context, scope, input, steps));
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        new RecurrentCell(_kind, _inputWeight, _hiddenWeight, _inputBias, _hiddenBias).Initialize(random, 0);
        _scheduler.Bias!.Value.Span.Fill(_openness);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) => Forward(context, input, default);

    private Tensor Hard(Context context, Tensor input, Selection steps)
    {
        Tensor output = context.Workspace.RentZeros(input.Shape.With(2, _units));
        Tensor last = context.Workspace.RentZeros(new Shape(input.Shape[0], _units));
        PresentWalk.Run(context, new HardStep(this), input, steps, last, output, ((long)_gates * _units * (_inFeatures + _units)) + RuleMacs);
        return output;
    }

    private Tensor Recorded(Context context, WorkspaceScope scope, Tensor input, Selection steps)
    {
        (int samples, int count) = (input.Shape[0], input.Shape[1]);
        bool isHard = context.Decisions == Engine.Execution.Decisions.Hard;
        Tensor[] states = new Tensor[count];
        Tensor hidden = context.Workspace.RentZeros(new Shape(samples, _units));
        Tensor none = hidden;
        Tensor shares = default;
        for (int time = 0; time < count; time++)
        {
            Tensor x = StepRows.Of(context, input, time);
            Tensor share = context.Sigmoid(_scheduler.Forward(context, context.Concat(1, x, hidden)));
            Tensor blocks = BlocksOf(context, share);
            Tensor present = steps.IsAll ? default : StepRows.MaskAt(context, steps, samples, time).Reshape(new Shape(samples, 1));
            if (present.Exists)
            {
                blocks = context.Multiply(blocks, present);
                share = context.Multiply(share, present);
            }

            if (context.Ledger is not null)
            {
                Note(context, scope, blocks, isHard);
                shares = shares.Exists ? context.Add(shares, share) : share;
            }

            hidden = Relaxed(context, x, hidden, blocks);
            states[time] = (present.Exists ? context.Blend(present.Reshape(new Shape(samples)), hidden, none) : hidden).Reshape(new Shape(samples, 1, _units));
        }

        if (!isHard && shares.Exists && samples > 0)
        {
            context.AddLossTerm(ShareTerm, Number, context.Scale(context.Sum(shares), 1f / (steps.IsAll ? samples * count : steps.Count)));
        }

        return count == 1 ? states[0] : context.Concat(1, states);
    }

    // 1 for blocks that are updated, [N, B].
    private Tensor BlocksOf(Context context, Tensor share)
    {
        Tensor places = context.Workspace.Rent(new Shape(Blocks));
        for (int i = 0; i < Blocks; i++)
        {
            places.Span[i] = i + 0.5f;
        }

        Tensor distance = context.Subtract(context.Scale(share, Blocks), places);
        return context.StraightThrough(context.Sigmoid(context.Scale(distance, _sharpness)));
    }

    private Tensor Relaxed(Context context, Tensor x, Tensor hidden, Tensor blocks)
    {
        int samples = x.Shape[0];
        Tensor mask = context.BroadcastTo(blocks.Reshape(new Shape(samples, Blocks, 1)), new Shape(samples, Blocks, _blockSize)).Reshape(hidden.Shape);
        Tensor seen = context.Multiply(mask, hidden);
        Tensor next = Step(context, context.Linear(x, _inputWeight.Value, _inputBias.Value), context.Linear(seen, _hiddenWeight.Value, _hiddenBias.Value), seen);
        return context.Add(context.Multiply(mask, next), context.Multiply(context.Affine(mask, -1, 1), hidden));
    }

    private Tensor Step(Context context, Tensor fromInput, Tensor fromHidden, Tensor hidden) => _kind == RecurrentKind.Gru
        ? context.GruCell(fromInput, fromHidden, hidden)
        : context.RnnCell(fromInput, fromHidden, _kind == RecurrentKind.Relu);

    // In place, only what was chosen.
    private void Update(Context context, Tensor x, Tensor hidden, Tensor blocks)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        int samples = x.Shape[0];
        Tensor ins = context.Workspace.RentZeros(new Shape(samples, _units));
        Tensor outs = context.Workspace.RentZeros(new Shape(samples, _gates * _units));
        for (int n = 0; n < samples; n++)
        {
            int width = WidthOf(blocks, n);
            ins.Span.Slice(n * _units, width).Fill(1);
            for (int gate = 0; gate < _gates; gate++)
            {
                outs.Span.Slice(((n * _gates) + gate) * _units, width).Fill(1);
            }
        }

        Selection units = context.Workspace.SelectAtLeast(samples, _units, ins.Span, 0.5f);
        Selection gates = context.Workspace.SelectAtLeast(samples, _gates * _units, outs.Span, 0.5f);
        Conv2dSelection ofInput = new() { OutChannels = gates };
        Conv2dSelection ofHidden = new() { InChannels = units, OutChannels = gates };
        Tensor fromInput = context.Linear(x, _inputWeight.Value, _inputBias.Value, in ofInput);
        Tensor fromHidden = context.Linear(hidden, _hiddenWeight.Value, _hiddenBias.Value, in ofHidden);
        Tensor next = Step(context, fromInput, fromHidden, hidden);
        for (int n = 0; n < samples; n++)
        {
            int width = WidthOf(blocks, n);
            next.Rows(n, 1).Span[..width].CopyTo(hidden.Rows(n, 1).Span);
        }
    }

    private int WidthOf(Tensor blocks, int sample)
    {
        int count = 0;
        foreach (float one in blocks.Rows(sample, 1).Span)
        {
            count += one > 0 ? 1 : 0;
        }

        return count * _blockSize;
    }

    private void Note(Context context, WorkspaceScope scope, Tensor blocks, bool isHard)
    {
        Selection selected = isHard ? scope.Keep(context.Workspace.SelectAtLeast(blocks.Shape[0], Blocks, blocks.Span, 0.5f)) : default;
        context.Record(new DecisionRecord { Layer = Number, Kind = DecisionKind.Channels, Rows = blocks.Shape[0], Selected = selected, Scores = isHard ? default : blocks, UnitMacs = BlockMacs });
    }

    private readonly struct HardStep(VariableComputationRnn layer) : ISequenceStep
    {
        public Tensor Take(Context context, WorkspaceScope turn, Tensor input, Tensor state, Selection rows, int time)
        {
            Tensor blocks = layer.BlocksOf(context, context.Sigmoid(layer._scheduler.Forward(context, context.Concat(1, input, state))));
            if (context.Ledger is not null)
            {
                layer.Note(context, turn, blocks, isHard: true);
            }

            layer.Update(context, input, state, blocks);
            return state;
        }
    }
}
