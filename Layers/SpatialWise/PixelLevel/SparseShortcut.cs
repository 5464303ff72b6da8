using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.PixelLevel;

/// <summary>
/// The shortcut of a block that changes size or width: a 1×1 convolution with normalisation or bias, named "0" and "1" as PyTorch's downsample is. It
/// runs on all pixels.
/// </summary>
internal sealed class SparseShortcut : Layer
{
    private readonly Conv2d _conv;
    private readonly BatchNorm2d? _norm;

    public SparseShortcut(int inChannels, int outChannels, int stride, bool normalizes)
    {
        _conv = Add("0", new Conv2d(inChannels, outChannels, 1, stride, bias: !normalizes));
        _norm = normalizes ? Add("1", new BatchNorm2d(outChannels)) : null;
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _conv.OutputShape(input);

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => _conv.CountMacs(input);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        if (_norm is null)
        {
            return _conv.Forward(context, input);
        }

        if (IsFrozen && context.Mode == Mode.Evaluate)
        {
            FusedSteps steps = new() { Scale = _norm.Scale, Shift = _norm.Shift };
            return _conv.ForwardFused(context, input, in steps);
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(_norm.Forward(context, _conv.Forward(context, input)));
    }
}
