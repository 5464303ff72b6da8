using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Decisions.Gates;

/// <summary>
/// The last layer of a gate, y = x Wᵀ + b, whose first decisions are chosen: b starts from a given value, and W from zeros or small numbers. Gates that start
/// open keep a network trainable: whatever is closed from the start learns nothing.
/// </summary>
internal sealed class GateLinear : Layer
{
    private readonly int _inFeatures;
    private readonly int _outFeatures;
    private readonly float? _firstBias;
    private readonly bool _startsFromZeros;
    private readonly Parameter? _bias;
    private PackedWeight? _packed;

    /// <summary>Makes a layer.</summary>
    /// <param name="inFeatures">Inputs.</param>
    /// <param name="outFeatures">Outputs.</param>
    /// <param name="firstBias">What b starts from; null: there is no bias.</param>
    /// <param name="startsFromZeros">Whether W does.</param>
    public GateLinear(int inFeatures, int outFeatures, float? firstBias, bool startsFromZeros = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outFeatures, 1);
        if (firstBias is { } value && !float.IsFinite(value))
        {
            throw new ArgumentOutOfRangeException(nameof(firstBias), value, "Expected a finite bias.");
        }

        _inFeatures = inFeatures;
        _outFeatures = outFeatures;
        _firstBias = firstBias;
        _startsFromZeros = startsFromZeros;
        Weight = AddParameter("weight", new Shape(outFeatures, inFeatures));
        _bias = firstBias is null ? null : AddParameter("bias", new Shape(outFeatures), decays: false);
    }

    /// <summary>[out, in].</summary>
    public Parameter Weight { get; }

    public override Shape OutputShape(Shape input) => input.Rank > 0 && input[-1] == _inFeatures
        ? input.With(-1, _outFeatures)
        : throw new ArgumentException($"The input has shape {input}; expected [N, {_inFeatures}].", nameof(input));

    public override long CountMacs(Shape input) => (long)OutputShape(input).RowCount * _inFeatures * _outFeatures;

    /// <summary>From some inputs only.</summary>
    public Tensor Forward(Context context, Tensor input, in Conv2dSelection features)
    {
        using MeterTurn turn = new(context, this);
        return context.Linear(input, Weight.Value, _bias?.Value ?? default, in features, _packed);
    }

    protected override void OnInitialize(RandomStream random)
    {
        if (_startsFromZeros)
        {
            Weight.Value.Span.Clear();
        }
        else
        {
            Initializers.UniformFanIn(Weight, random, _inFeatures);
        }

        _bias?.Value.Span.Fill(_firstBias!.Value);
    }

    protected override void OnFreeze(PackedMemory memory) => _packed = PackedWeight.ForLinear(_inFeatures, _outFeatures, Weight.Value.Span);

    protected override Tensor Run(Context context, Tensor input) => context.Linear(input, Weight.Value, _bias?.Value ?? default, packed: _packed);
}
