using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicRouting;

/// <summary>
/// One candidate of a supernet's layer: y = relu(F(x) + s(x)) with F two 3×3 convolutions over a number of inner channels, s the identity or, where size or
/// width change, a 1×1 convolution. Without inner channels F is left out: y = x, or relu(s(x)).
/// </summary>
internal sealed class CandidateBlock : Layer
{
    /// <summary>Rows and columns of kernels.</summary>
    public const int Kernel = 3;

    private readonly ConvBlock? _first;
    private readonly ConvBlock? _second;
    private readonly ConvBlock? _shortcut;

    public CandidateBlock(int inChannels, int innerChannels, int outChannels, int stride)
    {
        bool isPlain = stride == 1 && inChannels == outChannels;
        if (innerChannels > 0)
        {
            _first = Add("first", new ConvBlock(inChannels, innerChannels, Kernel, stride));
            _second = Add("second", new ConvBlock(innerChannels, outChannels, Kernel));
        }

        if (!isPlain)
        {
            _shortcut = Add("shortcut", new ConvBlock(inChannels, outChannels, 1, stride, activation: innerChannels > 0 ? Activation.None : Activation.Relu));
        }
    }

    public override Shape OutputShape(Shape input) => _shortcut?.OutputShape(input) ?? (_first is null ? input : _second!.OutputShape(_first.OutputShape(input)));

    public override long CountMacs(Shape input) =>
        (_first is null ? 0 : _first.CountMacs(input) + _second!.CountMacs(_first.OutputShape(input))) + (_shortcut?.CountMacs(input) ?? 0);

    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor shortcut = _shortcut is null ? input : _shortcut.Forward(context, input);
        return _first is null ? scope.Keep(shortcut) : scope.Keep(_second!.Forward(context, _first.Forward(context, input), shortcut));
    }
}
