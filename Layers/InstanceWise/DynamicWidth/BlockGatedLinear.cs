using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Gates;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicWidth;

/// <summary>
/// A fully connected layer whose neurons are switched in blocks, y = relu(W·x + b) ⊙ u with p = σ(Z·x + d) and u_j ~ Bernoulli(p_j) for block j while training,
/// u_j = [p_j &gt; ½] else (Bengio et al., "Conditional computation in neural networks for faster models", 2015, section 3). Blocks that are off are not computed,
/// and neurons of the input that are known to be off are not read.
/// </summary>
/// <remarks>
/// Asks for three terms of the loss (section 3.2): "block-rate", the mean over blocks of (mean over the batch of p_j − τ)²; "sample-rate", the mean over the batch
/// of (mean over blocks of p_j − τ)²; and "spread", minus the mean over blocks of p_j's variance over the batch. Deviation: the paper draws at test time too;
/// here a block runs when it is more probable than not, so that an answer is the same each time.
/// </remarks>
public sealed class BlockGatedLinear : Layer
{
    private readonly int _inFeatures;
    private readonly int _outFeatures;
    private readonly int _blockSize;
    private readonly float _target;
    private readonly BinaryRelaxation _relaxation;
    private readonly GateLinear _gate;
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private PackedWeight? _packed;

    /// <summary>Makes a layer.</summary>
    /// <param name="inFeatures">Inputs.</param>
    /// <param name="outFeatures">Neurons.</param>
    /// <param name="blockSize">Neurons of a block, a divisor of them.</param>
    /// <param name="target">τ, the share of blocks that shall run, above 0 and at most 1.</param>
    /// <param name="relaxation">How the gate learns; none: by policy gradient, as in the paper.</param>
    public BlockGatedLinear(int inFeatures, int outFeatures, int blockSize, float target = 0.5f, BinaryRelaxation? relaxation = null)
    {
        if (!(target > 0 && target <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(target), target, $"The target was {target}; expected a number above 0 and at most 1.");
        }

        ChannelSets.CheckGroups(outFeatures, blockSize, nameof(blockSize));
        _inFeatures = inFeatures;
        _outFeatures = outFeatures;
        _blockSize = blockSize;
        _target = target;
        _relaxation = relaxation ?? new BernoulliActionRelaxation();
        _weight = AddParameter("weight", new Shape(outFeatures, inFeatures));
        _bias = AddParameter("bias", new Shape(outFeatures), decays: false);
        _gate = Add("gate", new GateLinear(inFeatures, outFeatures / blockSize, 1f));
    }

    private int BlockCount => _outFeatures / _blockSize;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => input.Rank == 2 && input[1] == _inFeatures
        ? new Shape(input[0], _outFeatures)
        : throw new ArgumentException($"The input has shape {input}; expected [N, {_inFeatures}].", nameof(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => (long)OutputShape(input)[0] * _inFeatures * (_outFeatures + BlockCount);

    /// <summary>Runs the layer behind another one whose neurons are switched.</summary>
    /// <param name="context">The context, with hard decisions.</param>
    /// <param name="input">[N, in].</param>
    /// <param name="inputs">Inputs that may differ from 0: a row a sample; all: every one.</param>
    /// <param name="outputs">The neurons that ran: a row a sample.</param>
    /// <returns>[N, out], 0 where a neuron did not run.</returns>
    public Tensor Forward(Context context, Tensor input, Selection inputs, out Selection outputs)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        return Hard(context, input, inputs, out outputs);
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        Initializers.UniformFanIn(_weight, random, _inFeatures);
        Initializers.UniformFanIn(_bias, random, _inFeatures, stream: 1);
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory) => _packed = PackedWeight.ForLinear(_inFeatures, _outFeatures, _weight.Value.Span);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        _ = OutputShape(input.Shape);
        if (context.Decisions == Engine.Execution.Decisions.Hard)
        {
            return Hard(context, input, default, out _);
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor logits = _gate.Forward(context, input);
        Decision decision = context.DecideUnits(logits, _relaxation, this);
        if (GateFeatures.Trains(context))
        {
            AddTerms(context, context.Sigmoid(logits));
        }

        Record(context, in decision, input.Shape[0]);
        Tensor units = context.Relu(context.Linear(input, _weight.Value, _bias.Value));
        return scope.Keep(context.Multiply(units, ChannelSets.Repeat(context, decision.Scores, _blockSize)));
    }

    private Tensor Hard(Context context, Tensor input, Selection inputs, out Selection outputs)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Conv2dSelection known = new() { InChannels = inputs };
        Tensor logits = _gate.Forward(context, input, in known);
        Decision decision = context.DecideUnits(logits, _relaxation, this);
        Record(context, in decision, input.Shape[0]);
        outputs = scope.Keep(context.Workspace.SelectMembers(decision.Selected, _blockSize));
        Conv2dSelection features = new() { InChannels = inputs, OutChannels = outputs };
        return scope.Keep(context.Relu(context.Linear(input, _weight.Value, _bias.Value, in features, _packed)));
    }

    private void AddTerms(Context context, Tensor probabilities)
    {
        Shape one = new(1);
        Tensor ofBlocks = context.Offset(context.Mean(probabilities, 0), -_target);
        context.AddLossTerm("block-rate", Number, context.Mean(context.Square(ofBlocks)).Reshape(one));
        Tensor ofSamples = context.Offset(context.Mean(probabilities, 1), -_target);
        context.AddLossTerm("sample-rate", Number, context.Mean(context.Square(ofSamples)).Reshape(one));
        context.AddLossTerm("spread", Number, context.Scale(context.Mean(context.Variance(probabilities, 0)), -1).Reshape(one));
    }

    private void Record(Context context, in Decision decision, int samples)
    {
        if (context.Ledger is not null)
        {
            context.Record(new DecisionRecord
            {
                Layer = Number,
                Kind = DecisionKind.Channels,
                Rows = samples,
                Selected = decision.Selected,
                Scores = decision.Scores,
                LogProbabilities = decision.LogProbabilities,
                UnitMacs = (long)_inFeatures * _blockSize,
            });
        }
    }
}
