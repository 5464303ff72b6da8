using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicWidth;

/// <summary>
/// A fully connected layer that computes only neurons whose sign is estimated to be positive: y = relu(W·x + b) ⊙ S with S = [U·V·x + b &gt; 0] and U·V a product of
/// low rank that is near W (Davis and Arel, "Low-rank approximations for conditional feedforward computation in deep neural networks", 2013, section 3).
/// </summary>
/// <remarks>
/// <para>V holds the leading right singular vectors of W, found by subspace iteration that starts from those of before, and U = W·Vᵀ, so that U·V is the truncated
/// singular value decomposition. Both are no trained parameters: they are found anew at step 0 of training and every so many steps (the paper: once an epoch),
/// and when the layer is frozen without having been trained they are what was loaded.</para>
/// <para>Neurons may be estimated in blocks: a block runs when any of its neurons is estimated to be positive, so that whole vectors are saved. Blocks of 1
/// are the paper.</para>
/// </remarks>
public sealed class SignEstimatedLinear : Layer
{
    private readonly int _inFeatures;
    private readonly int _outFeatures;
    private readonly int _rank;
    private readonly int _blockSize;
    private readonly int _period;
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private readonly Parameter _left;
    private readonly Parameter _right;
    private PackedWeight? _packed;
    private PackedWeight? _packedLeft;
    private PackedWeight? _packedRight;

    /// <summary>Makes a layer.</summary>
    /// <param name="inFeatures">Inputs.</param>
    /// <param name="outFeatures">Neurons.</param>
    /// <param name="rank">The rank of U·V, at most the smaller of inputs and neurons.</param>
    /// <param name="blockSize">Neurons of a block, a divisor of them.</param>
    /// <param name="period">Steps of training from one decomposition to the next.</param>
    public SignEstimatedLinear(int inFeatures, int outFeatures, int rank, int blockSize = 1, int period = 200)
    {
        if (rank < 1 || rank > Math.Min(inFeatures, outFeatures))
        {
            throw new ArgumentOutOfRangeException(nameof(rank), rank, $"Rank {rank} was asked for; expected 1 to {Math.Min(inFeatures, outFeatures)}.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(period, 1);
        ChannelSets.CheckGroups(outFeatures, blockSize, nameof(blockSize));
        _inFeatures = inFeatures;
        _outFeatures = outFeatures;
        _rank = rank;
        _blockSize = blockSize;
        _period = period;
        _weight = AddParameter("weight", new Shape(outFeatures, inFeatures));
        _bias = AddParameter("bias", new Shape(outFeatures), decays: false);
        _left = AddParameter("left", new Shape(outFeatures, rank), isTrainable: false);
        _right = AddParameter("right", new Shape(rank, inFeatures), isTrainable: false);
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => input.Rank == 2 && input[1] == _inFeatures
        ? new Shape(input[0], _outFeatures)
        : throw new ArgumentException($"The input has shape {input}; expected [N, {_inFeatures}].", nameof(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => OutputShape(input)[0] * (((long)_inFeatures * _outFeatures) + ((long)_rank * (_inFeatures + _outFeatures)));

    /// <summary>Finds U and V for the weights as they are.</summary>
    /// <exception cref="InvalidOperationException">The layer is frozen.</exception>
    public void Decompose()
    {
        if (IsFrozen)
        {
            throw new InvalidOperationException("The layer is frozen; its estimator cannot change any more.");
        }

        LowRank.Decompose(_weight.Value.Span, _outFeatures, _inFeatures, _rank, _left.Value.Span, _right.Value.Span);
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        Initializers.UniformFanIn(_weight, random, _inFeatures);
        Initializers.UniformFanIn(_bias, random, _inFeatures, stream: 1);
        _right.Value.Span.Clear();
        Decompose();
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory)
    {
        _packed = PackedWeight.ForLinear(_inFeatures, _outFeatures, _weight.Value.Span);
        _packedLeft = PackedWeight.ForLinear(_rank, _outFeatures, _left.Value.Span);
        _packedRight = PackedWeight.ForLinear(_inFeatures, _rank, _right.Value.Span);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        _ = OutputShape(input.Shape);
        if (context.Mode == Mode.Train && context.Step % _period == 0)
        {
            Decompose();
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Selection blocks = Estimate(context, input);
        Selection units = context.Workspace.SelectMembers(blocks, _blockSize);
        Conv2dSelection features = context.Decisions == Engine.Execution.Decisions.Hard ? new() { OutChannels = units } : default;
        Tensor output = context.Relu(context.Linear(input, _weight.Value, _bias.Value, in features, _packed));
        return scope.Keep(context.Decisions == Engine.Execution.Decisions.Hard ? output : context.MaskMultiply(output, context.MaskOf(units)));
    }

    private Selection Estimate(Context context, Tensor input)
    {
        int samples = input.Shape[0];
        Tape? tape = context.Tape;
        Tensor estimate;

        // No gradient flows through signs.
        context.Tape = null;
        try
        {
            Tensor narrow = context.Linear(input, _right.Value, packed: _packedRight);
            estimate = context.Linear(narrow, _left.Value, _bias.Value, packed: _packedLeft);
            if (_blockSize > 1)
            {
                estimate = context.Max(estimate.Reshape(new Shape(samples, _outFeatures / _blockSize, _blockSize)), 2);
            }
        }
        finally
        {
            context.Tape = tape;
        }

        int count = _outFeatures / _blockSize;
        Selection blocks = context.Workspace.SelectAtLeast(samples, count, estimate.Span, float.Epsilon);
        if (context.Ledger is not null)
        {
            context.Record(new DecisionRecord
            {
                Layer = Number,
                Kind = DecisionKind.Channels,
                Rows = samples,
                Selected = blocks,
                Scores = estimate,
                UnitMacs = (long)_inFeatures * _blockSize,
            });
        }

        return blocks;
    }
}
