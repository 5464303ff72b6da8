using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.PixelLevel;

/// <summary>
/// Local and global connections mixed anew for each pixel, y = conv₃ₓ₃(x) + g ⊙ (G·GAP(x)) with g = σ(B·relu(A·[conv₃ₓ₃(x), GAP(x)])): a pixel decides
/// how much it takes from the whole image (Wang et al., "Adaptively connected neural networks", CVPR 2019, section 3.2; the pixel-aware form of the released
/// code, one gate for each channel).
/// </summary>
/// <remarks>A and B are 1×1 convolutions; what A makes of the mean is computed once for each image and not once for each pixel.</remarks>
public sealed class AdaptivelyConnectedConvolution : Layer
{
    private readonly Conv2d _local;
    private readonly Linear _whole;
    private readonly Conv2d _fromLocal;
    private readonly Linear _fromWhole;
    private readonly Conv2d _gate;
    private readonly int _inChannels;

    /// <summary>Makes a layer.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="reduction">Output channels to one hidden channel of the gate.</param>
    public AdaptivelyConnectedConvolution(int inChannels, int outChannels, int stride = 1, int reduction = 4)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(reduction, 1);
        int hidden = Math.Max(1, outChannels / reduction);
        _inChannels = inChannels;
        _local = Add("local", new Conv2d(inChannels, outChannels, 3, stride, bias: false));
        _whole = Add("whole", new Linear(inChannels, outChannels));
        _fromLocal = Add("from_local", new Conv2d(outChannels, hidden, 1));
        _fromWhole = Add("from_whole", new Linear(inChannels, hidden, bias: false));
        _gate = Add("gate", new Conv2d(hidden, outChannels, 1));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _local.OutputShape(input);

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        Shape output = _local.OutputShape(input);
        Shape mean = new(input[0], _inChannels);
        return _local.CountMacs(input) + _fromLocal.CountMacs(output) + _gate.CountMacs(_fromLocal.OutputShape(output)) + _whole.CountMacs(mean) + _fromWhole.CountMacs(mean);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor mean = context.GlobalAveragePool(input);
        Tensor local = _local.Forward(context, input);
        Tensor hidden = context.Relu(context.Add(_fromLocal.Forward(context, local), AsMap(_fromWhole.Forward(context, mean))));
        Tensor gate = context.Sigmoid(_gate.Forward(context, hidden));
        return scope.Keep(context.Add(local, context.Multiply(gate, AsMap(_whole.Forward(context, mean)))));
    }

    private static Tensor AsMap(Tensor vectors) => vectors.Reshape(new Shape(vectors.Shape[0], 1, 1, vectors.Shape[1]));
}
