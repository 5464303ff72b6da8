using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>Fully connected layer, y = x Wᵀ + b: [N, in] to [N, out]. The weight is [out, in].</summary>
public sealed class Linear : Layer
{
    private readonly int _inFeatures;
    private readonly int _outFeatures;
    private PackedWeight? _packed;

    /// <summary>Makes a layer.</summary>
    /// <param name="inFeatures">Inputs.</param>
    /// <param name="outFeatures">Outputs.</param>
    /// <param name="bias">Whether a bias is added.</param>
    public Linear(int inFeatures, int outFeatures, bool bias = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outFeatures, 1);
        _inFeatures = inFeatures;
        _outFeatures = outFeatures;
        Weight = AddParameter("weight", new Shape(outFeatures, inFeatures));
        Bias = bias ? AddParameter("bias", new Shape(outFeatures), decays: false) : null;
    }

    /// <summary>[out, in].</summary>
    public Parameter Weight { get; }

    /// <summary>[out]; null without bias.</summary>
    public Parameter? Bias { get; }

    /// <summary>Whether weight and bias are zero when training starts, so that what the layer predicts begins neutral.</summary>
    public bool StartsAtZero { get; init; }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        if (input.Rank < 1 || input[-1] != _inFeatures)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, {_inFeatures}].", nameof(input));
        }

        return input.With(-1, _outFeatures);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        _ = OutputShape(input);
        return (long)input.RowCount * _inFeatures * _outFeatures;
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        if (StartsAtZero)
        {
            Weight.Value.Span.Clear();
            Bias?.Value.Span.Clear();
            return;
        }

        Initializers.UniformFanIn(Weight, random, _inFeatures);
        if (Bias is not null)
        {
            Initializers.UniformFanIn(Bias, random, _inFeatures, stream: 1);
        }
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory) => _packed = PackedWeight.ForLinear(_inFeatures, _outFeatures, Weight.Value.Span);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) =>
        context.Linear(input, Weight.Value, Bias?.Value ?? default, packed: _packed);
}
