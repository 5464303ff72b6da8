using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Gating;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Gates;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicWidth;

/// <summary>
/// Feature boosting and suppression (Gao et al., "Dynamic channel pruning", ICLR 2019, section 3): y = π ⊙ relu(norm(x ⊛ W)) with saliencies g = relu(φ·s + ρ)
/// of the means s_c = mean |x_c|, and π the k largest of g, 0 elsewhere. Only the winning output channels are computed, and only from input channels that are
/// not 0.
/// </summary>
/// <remarks>
/// <para>Asks for the term "saliency" of the loss, the mean over the batch of Σ_c g_c (the paper's weight for it is 1e-8). ρ starts from 1, as in the paper.</para>
/// <para>Deviations. The paper writes π ⊙ norm + β within the rectifier and drops γ; as π ≥ 0 that is the form here when β is 0, and the normalisation keeps
/// its γ and β, so that with all channels kept and g = 1 the layer is the static block. Public code (YOUSIKI/PyTorch-FBS) rescales π to mean 1 against
/// not-a-number; here, as in the paper, it is not rescaled. Winners may be chosen in groups of neighbouring channels by the mean of their saliencies, so that
/// groups of the vector width are saved whole; groups of 1 are the paper.</para>
/// </remarks>
public sealed class BoostedConvBlock : Layer
{
    private readonly int _inChannels;
    private readonly int _outChannels;
    private readonly int _groupSize;
    private readonly int _winners;
    private readonly bool _isRectified;
    private readonly ConvBlock _block;
    private readonly GateLinear _saliency;

    /// <summary>Makes a block.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows and columns of the kernel; the padding keeps the size at stride 1.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="density">d, above 0 and at most 1: k is ⌈d · groups⌉ groups of output channels.</param>
    /// <param name="groupSize">Channels of a group, a divisor of the output channels.</param>
    /// <param name="isRectified">Whether inputs are never below 0, as behind a rectifier, so that |x| need not be taken.</param>
    public BoostedConvBlock(int inChannels, int outChannels, int kernel, int stride = 1, float density = 0.5f, int groupSize = 1, bool isRectified = false)
    {
        if (!(density > 0 && density <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(density), density, $"The density was {density}; expected a number above 0 and at most 1.");
        }

        ChannelSets.CheckGroups(outChannels, groupSize, nameof(groupSize));
        _inChannels = inChannels;
        _outChannels = outChannels;
        _groupSize = groupSize;

        // What rounding put above a whole number is no further winner.
        _winners = Math.Clamp((int)Math.Ceiling((density * (double)(outChannels / groupSize)) - 1e-4), 1, outChannels / groupSize);
        _isRectified = isRectified;
        _block = Add("block", new ConvBlock(inChannels, outChannels, kernel, stride));
        _saliency = Add("saliency", new GateLinear(inChannels, outChannels, 1f));
    }

    /// <summary>Groups of output channels that are computed.</summary>
    public int Winners => _winners;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _block.OutputShape(input);

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => _block.CountMacs(input) + _saliency.CountMacs(new Shape(input[0], _inChannels));

    /// <summary>Runs a frozen block within a chain of such: channels that are 0 are neither stored nor read.</summary>
    /// <param name="context">The context, with hard decisions and without a tape.</param>
    /// <param name="input">[N, H, W, in], or of each sample the listed channels only.</param>
    /// <param name="inChannels">The channels that the input has: a row a sample; all: every one.</param>
    /// <param name="outChannels">The channels that the output has.</param>
    /// <returns>[N, H′, W′, selected].</returns>
    public Tensor ForwardCompact(Context context, Tensor input, Selection inChannels, out Selection outChannels)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        return Compute(context, input, inChannels, isCompact: true, out outChannels);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        if (context.Decisions == Engine.Execution.Decisions.Hard && context.Mode == Mode.Evaluate)
        {
            return Compute(context, input, default, isCompact: false, out _);
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor gates = Gates(context, input, default);
        Selection winners = Choose(context, gates, input.Shape);
        if (GateFeatures.Trains(context))
        {
            context.AddLossTerm("saliency", Number, context.Scale(context.Sum(gates), 1f / Math.Max(1, input.Shape[0])).Reshape(new Shape(1)));
        }

        Tensor kept = context.MaskMultiply(gates, context.MaskOf(context.Workspace.SelectMembers(winners, _groupSize)));
        return scope.Keep(context.MaskMultiply(_block.Forward(context, input), ChannelSets.AsFactors(kept)));
    }

    private Tensor Compute(Context context, Tensor input, Selection inChannels, bool isCompact, out Selection outChannels)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor gates = Gates(context, input, inChannels);
        Selection winners = Choose(context, gates, input.Shape);
        outChannels = scope.Keep(context.Workspace.SelectMembers(winners, _groupSize));
        Conv2dSelection selection = new()
        {
            InChannels = inChannels,
            CompactInChannels = !inChannels.IsAll,
            OutChannels = outChannels,
            CompactOutChannels = isCompact,
        };
        Tensor computed = _block.Forward(context, input, in selection);
        if (!isCompact)
        {
            return scope.Keep(context.MaskMultiply(computed, ChannelSets.AsFactors(gates)));
        }

        // Nobody else has seen what was computed: it is scaled where it lies.
        Tensor factors = ChannelSets.Take(context, gates, outChannels);
        int length = computed.Shape.ProductFrom(1);
        for (int sample = 0; sample < input.Shape[0]; sample++)
        {
            RowScaleKernel.Run(computed.Span.Slice(sample * length, length), factors.Rows(sample, 1).Span);
        }

        return scope.Keep(computed);
    }

    private Tensor Gates(Context context, Tensor input, Selection inChannels)
    {
        Tensor means = context.GlobalAveragePool(_isRectified ? input : context.Abs(input));
        Conv2dSelection features = new() { InChannels = inChannels, CompactInChannels = !inChannels.IsAll };
        return context.Relu(_saliency.Forward(context, means, in features));
    }

    private Selection Choose(Context context, Tensor gates, Shape input)
    {
        int groups = _outChannels / _groupSize;
        Tensor scores = ChannelSets.GroupMeans(context, gates, _groupSize);
        Selection winners = _winners == groups ? Selection.All(input[0], groups) : context.Workspace.SelectTop(input[0], groups, scores.Span, _winners);
        if (context.Ledger is not null)
        {
            context.Record(new DecisionRecord
            {
                Layer = Number,
                Kind = DecisionKind.Channels,
                Rows = input[0],
                Selected = winners,
                Scores = scores,
                UnitMacs = _block.CountMacs(input.With(0, 1).With(-1, _inChannels)) / groups,
            });
        }

        return winners;
    }
}
