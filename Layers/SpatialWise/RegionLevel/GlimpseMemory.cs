using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.RegionLevel;

/// <summary>
/// What a network that looks at an image piece by piece remembers of what it has seen: h′ = GRU(x, h), with the GRU's gates r, z, n laid out and named as
/// PyTorch's.
/// </summary>
public sealed class GlimpseMemory : Module
{
    private readonly int _features;
    private readonly int _width;
    private readonly Parameter _inputWeight;
    private readonly Parameter _hiddenWeight;
    private readonly Parameter _inputBias;
    private readonly Parameter _hiddenBias;
    private PackedWeight? _packedInput;
    private PackedWeight? _packedHidden;

    /// <summary>Makes a memory.</summary>
    /// <param name="features">Features of a glimpse.</param>
    /// <param name="width">Values that are remembered.</param>
    public GlimpseMemory(int features, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        _features = features;
        _width = width;
        _inputWeight = AddParameter("weight_ih", new Shape(3 * width, features));
        _hiddenWeight = AddParameter("weight_hh", new Shape(3 * width, width));
        _inputBias = AddParameter("bias_ih", new Shape(3 * width), decays: false);
        _hiddenBias = AddParameter("bias_hh", new Shape(3 * width), decays: false);
    }

    /// <summary>MACs of a step for one sample.</summary>
    public long StepMacs => 3L * _width * (_features + _width);

    /// <summary>Takes in what was seen.</summary>
    /// <param name="context">The context.</param>
    /// <param name="features">x, [N, features].</param>
    /// <param name="hidden">h, [N, width]; none: zeros.</param>
    /// <returns>h′, [N, width].</returns>
    public Tensor Forward(Context context, Tensor features, Tensor hidden)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor before = hidden.Exists ? hidden : context.Workspace.RentZeros(new Shape(features.Shape[0], _width));
        Tensor fromInput = context.Linear(features, _inputWeight.Value, _inputBias.Value, packed: _packedInput);
        Tensor fromHidden = context.Linear(before, _hiddenWeight.Value, _hiddenBias.Value, packed: _packedHidden);
        return scope.Keep(context.GruCell(fromInput, fromHidden, before));
    }

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
        _packedInput = PackedWeight.ForLinear(_features, 3 * _width, _inputWeight.Value.Span);
        _packedHidden = PackedWeight.ForLinear(_width, 3 * _width, _hiddenWeight.Value.Span);
    }
}
