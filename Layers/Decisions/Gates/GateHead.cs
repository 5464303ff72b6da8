using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Decisions.Gates;

/// <summary>
/// The last layer of a gate, l = W·x + b: small weights and a bias that says how open gates are at the beginning. Gates that start open keep a network
/// trainable: whatever is closed from the start learns nothing.
/// </summary>
internal sealed class GateHead : Layer
{
    private readonly int _inputs;
    private readonly int _outputs;
    private readonly float _openness;
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private PackedWeight? _packed;

    public GateHead(int inputs, int outputs, float openness)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        if (!float.IsFinite(openness))
        {
            throw new ArgumentOutOfRangeException(nameof(openness), openness, "Expected a finite logit.");
        }

        _inputs = inputs;
        _outputs = outputs;
        _openness = openness;
        _weight = AddParameter("weight", new Shape(outputs, inputs));
        _bias = AddParameter("bias", new Shape(outputs), decays: false);
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => input.Rank > 0 && input[-1] == _inputs
        ? input.With(-1, _outputs)
        : throw new ArgumentException($"The input has shape {input}; expected [N, {_inputs}].", nameof(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        _ = OutputShape(input);
        return (long)input.RowCount * _inputs * _outputs;
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        Initializers.UniformFanIn(_weight, random, _inputs);
        _bias.Value.Span.Fill(_openness);
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory) => _packed = PackedWeight.ForLinear(_inputs, _outputs, _weight.Value.Span);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) => context.Linear(input, _weight.Value, _bias.Value, packed: _packed);
}
