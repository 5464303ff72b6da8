using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Gates;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Mechanisms;

/// <summary>
/// The halting score of a sample: h = σ(w·GAP(x) + b), [N, H, W, C] or [N, C] to [N, 1] (Figurnov et al., CVPR 2017, section 3.1). b starts low, so that all
/// steps run at the beginning.
/// </summary>
public sealed class HaltingScore : Layer
{
    private readonly int _channels;
    private readonly float _start;
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private PackedWeight? _packed;

    /// <summary>Makes a score.</summary>
    /// <param name="channels">Channels of the state.</param>
    /// <param name="start">b at the beginning; −3, as in the released code, asks for about 20 steps.</param>
    public HaltingScore(int channels, float start = -3)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        if (!float.IsFinite(start))
        {
            throw new ArgumentOutOfRangeException(nameof(start), start, "Expected a finite bias.");
        }

        _channels = channels;
        _start = start;
        _weight = AddParameter("weight", new Shape(1, channels));
        _bias = AddParameter("bias", new Shape(1), decays: false);
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => input.Rank is 2 or 4 && input[-1] == _channels
        ? new Shape(input[0], 1)
        : throw new ArgumentException($"The state has shape {input}; expected [N, {_channels}] or [N, H, W, {_channels}].", nameof(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        _ = OutputShape(input);
        return (long)input[0] * _channels;
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        Initializers.Normal(_weight, random, 0.01f);
        _bias.Value.Span.Fill(_start);
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory) => _packed = PackedWeight.ForLinear(_channels, 1, _weight.Value.Span);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor pooled = GateFeatures.Of(context, input);
        return scope.Keep(context.Sigmoid(context.Linear(pooled, _weight.Value, _bias.Value, packed: _packed)));
    }
}
