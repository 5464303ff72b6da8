using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// What a hyper-LSTM's state says about the four gates of the main one: for each gate z = W ĥ + b and d = D z, a factor or summand for each of the gate's
/// units. [N, hyper units] to [N, 4 · units].
/// </summary>
internal sealed class HyperModulation : Layer
{
    private const int Gates = 4;
    private const float FirstFactor = 0.1f;

    private readonly int _hyperUnits;
    private readonly int _units;
    private readonly int _embedding;
    private readonly bool _scales;
    private readonly Parameter _weight;
    private readonly Parameter? _bias;
    private readonly Parameter _out;
    private PackedWeight? _packed;
    private PackedWeight? _packedOut;

    public HyperModulation(int hyperUnits, int units, int embedding, bool scales)
    {
        _hyperUnits = hyperUnits;
        _units = units;
        _embedding = embedding;
        _scales = scales;
        _weight = AddParameter("z_weight", new Shape(Gates * embedding, hyperUnits));
        _bias = scales ? AddParameter("z_bias", new Shape(Gates * embedding), decays: false) : null;
        _out = AddParameter("d_weight", new Shape(Gates * units, embedding));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => input.Rank == 2 && input[1] == _hyperUnits
        ? new Shape(input[0], Gates * _units)
        : throw new ArgumentException($"The input has shape {input}; expected [N, {_hyperUnits}].", nameof(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => (long)OutputShape(input)[0] * (_weight.Shape.Count + _out.Shape.Count);

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        // As in the authors' code: at first every factor is 0.1 and every summand 0, whatever the state; what depends on the state is learned.
        _weight.Value.Span.Clear();
        if (_scales)
        {
            _bias!.Value.Span.Fill(1f);
            _out.Value.Span.Fill(FirstFactor / _embedding);
        }
        else
        {
            Initializers.Normal(_weight, random, 0.01f);
            _out.Value.Span.Clear();
        }
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory)
    {
        _packed = PackedWeight.ForLinear(_hyperUnits, Gates * _embedding, _weight.Value.Span);
        _packedOut = PackedWeight.ForConvolution(GroupedProduct.Geometry(Gates * _embedding, Gates * _units, Gates), _out.Value.Span, memory);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor embedding = context.Linear(input, _weight.Value, _bias?.Value ?? default, packed: _packed);
        return scope.Keep(GroupedProduct.Run(context, embedding, _out.Value, Gates, _packedOut));
    }
}
