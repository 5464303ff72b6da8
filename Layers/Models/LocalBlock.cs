using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicParameters;
using ManagedDyn.Layers.SpatialWise.PixelLevel;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Basic residual block, y = relu(norm(op(relu(norm(x ⊛ W)))) + shortcut(x)); an operation that works on each channel alone is followed by relu(norm(·)) and
/// a 1 × 1 convolution.
/// </summary>
internal sealed class LocalBlock : Layer
{
    private const int GuideChannels = 4;
    private const int Regions = 4;
    private const int ChannelsPerInvolution = 16;

    private readonly ConvBlock _first;
    private readonly Layer _operation;
    private readonly BatchNorm2d _norm;
    private readonly ConvBlock? _mix;
    private readonly ConvBlock? _shortcut;

    public LocalBlock(int inChannels, int outChannels, int stride, LocalOperation operation, int kernel)
    {
        _first = Add("first", new ConvBlock(inChannels, outChannels, 3, stride));
        _operation = Add("operation", Make(operation, outChannels, kernel));
        _norm = Add("norm", new BatchNorm2d(outChannels));
        bool isDepthwise = operation is LocalOperation.DeformableKernel or LocalOperation.GlobalDeformableKernel or LocalOperation.Involution
            or LocalOperation.LocalFilter;
        _mix = isDepthwise ? Add("mix", new ConvBlock(outChannels, outChannels, 1)) : null;
        _shortcut = stride == 1 && inChannels == outChannels
            ? null
            : Add("shortcut", new ConvBlock(inChannels, outChannels, 1, stride, activation: Activation.None));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _operation.OutputShape(_first.OutputShape(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        Shape middle = _first.OutputShape(input);
        return _first.CountMacs(input) + _operation.CountMacs(middle) + (_mix?.CountMacs(middle) ?? 0) + (_shortcut?.CountMacs(input) ?? 0);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor shortcut = _shortcut is null ? input : _shortcut.Forward(context, input);
        Tensor middle = _first.Forward(context, input);
        if (_mix is not null)
        {
            Tensor local = _norm.Forward(context, _operation.Forward(context, middle), Activation.Relu);
            return scope.Keep(_mix.Forward(context, local, shortcut));
        }

        if (IsFrozen && context.Mode == Mode.Evaluate && _operation is DeformableConv2d deformable)
        {
            FusedSteps steps = new() { Scale = _norm.Scale, Shift = _norm.Shift, Residual = shortcut, Activation = Activation.Relu };
            return scope.Keep(deformable.ForwardFused(context, middle, in steps));
        }

        return scope.Keep(context.Relu(context.Add(_norm.Forward(context, _operation.Forward(context, middle)), shortcut)));
    }

    private static Layer Make(LocalOperation operation, int channels, int kernel) => operation switch
    {
        LocalOperation.Deformable => new DeformableConv2d(channels, channels, kernel, isModulated: false, bias: false),
        LocalOperation.ModulatedDeformable => new DeformableConv2d(channels, channels, kernel, bias: false),
        LocalOperation.DeformableKernel => new DeformableKernelConv2d(channels, kernel, kernel + 1),
        LocalOperation.GlobalDeformableKernel => new DeformableKernelConv2d(channels, kernel, kernel + 1, isLocal: false),
        LocalOperation.Involution => new Involution(
            channels, kernel, channels % ChannelsPerInvolution == 0 ? channels / ChannelsPerInvolution : 1, normalizes: true),
        LocalOperation.PixelAdaptive => new PixelAdaptiveConv2d(channels, channels, kernel, GuideChannels, bias: false),
        LocalOperation.LocalFilter => new LocalFilter(new Conv2d(channels, kernel * kernel, 1), kernel, softmax: true),
        LocalOperation.RegionAware => new RegionAwareConv2d(channels, channels, kernel, Regions),
        _ => throw new ArgumentException($"The operation is {operation}; expected a named one.", nameof(operation)),
    };
}
