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

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => input.Rank == 3 && input[2] == _inFeatures && input[1] > 0
        ? input.With(2, _units)
        : throw new ArgumentException($"The input has shape {input}; expected [N, steps, {_inFeatures}] with at least one step.", nameof(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => OutputShape(input)[0] * input[1] * (((long)_gates * _units * (_inFeatures + _units)) + RuleMacs);

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        new RecurrentCell(_kind, _inputWeight, _hiddenWeight, _inputBias, _hiddenBias).Initialize(random, 0);
        _scheduler.Bias!.Value.Span.Fill(_openness);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        Shape shape = OutputShape(input.Shape);
        (int samples, int count) = (shape[0], shape[1]);
        using WorkspaceScope scope = context.Workspace.Enter();
        bool isHard = context.Tape is null && context.Decisions == Engine.Execution.Decisions.Hard;
        Tensor output = isHard ? context.Workspace.Rent(shape) : default;
        Tensor[]? states = isHard ? null : new Tensor[count];
        Tensor hidden = context.Workspace.RentZeros(new Shape(samples, _units));
        Tensor shares = default;
        for (int time = 0; time < count; time++)
        {
            Tensor x = StepRows.Of(context, input, time);
            Tensor share = context.Sigmoid(_scheduler.Forward(context, context.Concat(1, x, hidden)));
            Tensor blocks = BlocksOf(context, share);
            if (context.Ledger is not null)
            {
                Note(context, scope, blocks, isHard);
                shares = shares.Exists ? context.Add(shares, share) : share;
            }

            if (isHard)
            {
                Update(context, x, hidden, blocks);
                StepRows.Put(hidden, default, output, time * _units, _units);
                continue;
            }

            hidden = Relaxed(context, x, hidden, blocks);
            states![time] = hidden.Reshape(new Shape(samples, 1, _units));
        }

        if (!isHard && shares.Exists && samples > 0)
        {
            context.AddLossTerm(ShareTerm, Number, context.Scale(context.Mean(shares), 1f / count));
        }

        return scope.Keep(isHard ? output : count == 1 ? states![0] : context.Concat(1, states!));
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
        long macs = (long)_gates * _blockSize * (_inFeatures + _units);
        context.Record(new DecisionRecord { Layer = Number, Kind = DecisionKind.Channels, Rows = blocks.Shape[0], Selected = selected, Scores = isHard ? default : blocks, UnitMacs = macs });
    }
}
