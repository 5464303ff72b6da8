using System;
using System.Globalization;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Decisions.Gates;

/// <summary>
/// The recurrent gate of SkipNet (Wang et al., ECCV 2018, section 3.2, RNNGate): one LSTM shared by all layers sees the pooled features of one layer after
/// the other, brought to its width by a projection of the layer's own, h, c = LSTM(P_l·GAP(x_l), h, c), and decides by l = w·h + b. What it remembers of a
/// sample goes along with the sample through the depth of the network.
/// </summary>
/// <remarks>Parameters of the LSTM are laid out and named as PyTorch's. State and cell start at zero.</remarks>
public sealed class RecurrentGate : LayerPolicy
{
    private readonly Linear[] _projections;
    private readonly GateLinear _head;
    private readonly Parameter _inputWeight;
    private readonly Parameter _hiddenWeight;
    private readonly Parameter _inputBias;
    private readonly Parameter _hiddenBias;
    private readonly BinaryRelaxation _relaxation;
    private readonly int _width;
    private PackedWeight? _packedInput;
    private PackedWeight? _packedHidden;

    /// <summary>Makes a gate.</summary>
    /// <param name="channels">Channels of each layer's input.</param>
    /// <param name="width">Values that the LSTM takes and remembers.</param>
    /// <param name="openness">The logit of running at the beginning.</param>
    /// <param name="relaxation">How it is trained; none: straight-through.</param>
    public RecurrentGate(ReadOnlySpan<int> channels, int width = 10, float openness = 2, BinaryRelaxation? relaxation = null)
        : base(channels.Length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        _width = width;
        _projections = new Linear[channels.Length];
        for (int i = 0; i < channels.Length; i++)
        {
            _projections[i] = Add("projection" + i.ToString(CultureInfo.InvariantCulture), new Linear(channels[i], width));
        }

        _inputWeight = AddParameter("weight_ih", new Shape(4 * width, width));
        _hiddenWeight = AddParameter("weight_hh", new Shape(4 * width, width));
        _inputBias = AddParameter("bias_ih", new Shape(4 * width), decays: false);
        _hiddenBias = AddParameter("bias_hh", new Shape(4 * width), decays: false);
        _head = Add("head", new GateLinear(width, 1, openness));
        _relaxation = relaxation ?? new SigmoidRelaxation();
    }

    /// <inheritdoc/>
    public override long CountMacs(int layer, Shape features) =>
        features[0] * (((long)features[-1] * _width) + (8L * _width * _width) + _width);

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        Initializers.UniformFanIn(_inputWeight, random, _width);
        Initializers.UniformFanIn(_hiddenWeight, random, _width, stream: 1);
        Initializers.UniformFanIn(_inputBias, random, _width, stream: 2);
        Initializers.UniformFanIn(_hiddenBias, random, _width, stream: 3);
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory)
    {
        _packedInput = PackedWeight.ForLinear(_width, 4 * _width, _inputWeight.Value.Span);
        _packedHidden = PackedWeight.ForLinear(_width, 4 * _width, _hiddenWeight.Value.Span);
    }

    /// <inheritdoc/>
    protected override void OnBegin(Context context, Tensor input, ref LayerPolicyState state)
    {
        state.Hidden = context.Workspace.RentZeros(new Shape(input.Shape[0], _width));
        state.Cell = context.Workspace.RentZeros(new Shape(input.Shape[0], _width));
    }

    /// <inheritdoc/>
    protected override Decision OnDecide(Context context, int layer, Tensor features, ref LayerPolicyState state)
    {
        Tensor projected = _projections[layer].Forward(context, GateFeatures.Of(context, features));
        Tensor fromInput = context.Linear(projected, _inputWeight.Value, _inputBias.Value, packed: _packedInput);
        Tensor fromHidden = context.Linear(state.Hidden, _hiddenWeight.Value, _hiddenBias.Value, packed: _packedHidden);
        state.Hidden = context.LstmCell(fromInput, fromHidden, state.Cell, out Tensor cell);
        state.Cell = cell;
        return context.DecideSamples(_head.Forward(context, state.Hidden), _relaxation, this, layer);
    }
}
