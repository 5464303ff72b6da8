using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicRouting;

/// <summary>
/// The small network that looks at an input once and scores every candidate of every layer of a supernet: the image pooled to a quarter, two 3×3 convolutions
/// at stride 2, and a linear layer (Cheng et al., "InstaNAS", AAAI 2020, section 3).
/// </summary>
internal sealed class PathController : Layer
{
    private const int Reduction = 4;
    private readonly Layer _features;
    private readonly Linear _output;

    public PathController(int inChannels, int channels, int scores)
    {
        _features = Add("features", new Sequential(new ConvBlock(inChannels, channels, 3, 2), new ConvBlock(channels, 2 * channels, 3, 2), new GlobalAveragePool()));
        _output = Add("output", new Linear(2 * channels, scores));
    }

    public override Shape OutputShape(Shape input) => _output.OutputShape(_features.OutputShape(Pooled(input)));

    public override long CountMacs(Shape input)
    {
        Shape pooled = Pooled(input);
        return _features.CountMacs(pooled) + _output.CountMacs(_features.OutputShape(pooled));
    }

    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Shape pooled = Pooled(input.Shape);
        return scope.Keep(_output.Forward(context, _features.Forward(context, context.AdaptiveAveragePool2d(input, pooled[1], pooled[2]))));
    }

    private static Shape Pooled(Shape input) => input.With(1, Math.Max(1, input[1] / Reduction)).With(2, Math.Max(1, input[2] / Reduction));
}
