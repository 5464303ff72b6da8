using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.RegionLevel;

/// <summary>A linear layer from features to the six numbers of an affine map that starts as the identity for every input.</summary>
internal sealed class AffineHead : Layer
{
    private readonly int _features;
    private PackedWeight? _packed;

    public AffineHead(int features)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        _features = features;
        Weight = AddParameter("weight", new Shape(6, features));
        Bias = AddParameter("bias", new Shape(6), decays: false);
    }

    public Parameter Weight { get; }

    public Parameter Bias { get; }

    public override Shape OutputShape(Shape input) => input.Rank == 2 && input[1] == _features
        ? new Shape(input[0], 6)
        : throw new ArgumentException($"The input has shape {input}; expected [N, {_features}].", nameof(input));

    public override long CountMacs(Shape input) => 6L * input[0] * _features;

    protected override void OnInitialize(RandomStream random)
    {
        Weight.Value.Span.Clear();
        Span<float> bias = Bias.Value.Span;
        bias.Clear();
        (bias[0], bias[4]) = (1, 1);
    }

    protected override void OnFreeze(PackedMemory memory) => _packed = PackedWeight.ForLinear(_features, 6, Weight.Value.Span);

    protected override Tensor Run(Context context, Tensor input)
    {
        _ = OutputShape(input.Shape);
        return context.Linear(input, Weight.Value, Bias.Value, packed: _packed);
    }
}
