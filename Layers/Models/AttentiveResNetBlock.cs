using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicFeatures;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Basic residual block with attention and a choice of activation, y = act(attention(norm(act(norm(x ⊛ W₁)) ⊛ W₂)) + shortcut(x)); the attention
/// stands where the papers put it, behind the last normalisation and before the sum. A selective kernel takes the place of the first convolution.
/// </summary>
/// <remarks>
/// Deviations: BAM stands in every block and not between groups only; both branches of a selective kernel have two groups, where the channels allow
/// it, so that the block costs what the others cost.
/// </remarks>
internal sealed class AttentiveResNetBlock : Layer
{
    private readonly Layer _first;
    private readonly Layer? _firstActivation;
    private readonly ConvBlock _second;
    private readonly FeatureAttention? _attention;
    private readonly ConvBlock? _shortcut;
    private readonly Layer? _activation;

    public AttentiveResNetBlock(int inChannels, int outChannels, int stride, string attention, string activation, int reduction)
    {
        bool isRelu = activation == "relu";
        bool isSelective = attention == "sk";
        int groups = inChannels % 2 == 0 && outChannels % 2 == 0 ? 2 : 1;
        _first = isSelective
            ? Add("first", new SelectiveKernel(inChannels, outChannels, 2, reduction, 8, stride, groups))
            : Add("first", new ConvBlock(inChannels, outChannels, 3, stride, activation: isRelu ? Activation.Relu : Activation.None));
        _firstActivation = isSelective || isRelu ? null : Add("first_activation", Activate(activation, outChannels, reduction));
        _attention = Attend(attention, outChannels, reduction);
        _second = Add("second", new ConvBlock(outChannels, outChannels, 3, activation: isRelu && _attention is null ? Activation.Relu : Activation.None));
        if (_attention is not null)
        {
            Add("attention", _attention);
        }

        _shortcut = stride == 1 && inChannels == outChannels
            ? null
            : Add("shortcut", new ConvBlock(inChannels, outChannels, 1, stride, activation: Activation.None));
        _activation = isRelu ? null : Add("activation", Activate(activation, outChannels, reduction));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _second.OutputShape(_first.OutputShape(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        Shape output = _first.OutputShape(input);
        return _first.CountMacs(input) + (_firstActivation?.CountMacs(output) ?? 0) + _second.CountMacs(output) + (_attention?.CountMacs(output) ?? 0)
            + (_shortcut?.CountMacs(input) ?? 0) + (_activation?.CountMacs(output) ?? 0);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor shortcut = _shortcut is null ? input : _shortcut.Forward(context, input);
        Tensor features = _first.Forward(context, input);
        features = _firstActivation is null ? features : _firstActivation.Forward(context, features);
        Tensor sum = _attention is null
            ? _second.Forward(context, features, shortcut)
            : _attention.Forward(context, _second.Forward(context, features), shortcut, _activation is null ? Activation.Relu : Activation.None);
        return scope.Keep(_activation is null ? sum : _activation.Forward(context, sum));
    }

    private static FeatureAttention? Attend(string name, int channels, int reduction) => name switch
    {
        "none" or "sk" => null,
        "se" => new SqueezeExcitation(channels, reduction),
        "srm" => new StyleRecalibration(channels),
        "eca" => new EfficientChannelAttention(channels),
        "spatial" => new SpatialAttention(channels, normalizes: true),
        "bam" => new BottleneckAttention(channels, reduction),
        "cbam" => new ConvolutionalBlockAttention(channels, reduction, normalizes: true),
        _ => throw new ArgumentException($"There is no attention {name}.", nameof(name)),
    };

    private static Layer Activate(string name, int channels, int reduction) => name switch
    {
        "dyrelu-a" => new DynamicRelu(channels, DynamicReluForm.Shared, reduction: reduction),
        "dyrelu-b" => new DynamicRelu(channels, DynamicReluForm.Channelwise, reduction: reduction),
        "dyrelu-c" => new DynamicRelu(channels, DynamicReluForm.SpatialAndChannelwise, reduction: reduction),
        "frelu" => new FunnelRelu(channels),
        "acon" => new Acon(channels),
        "meta-acon" => new MetaAcon(channels),
        _ => throw new ArgumentException($"There is no activation {name}.", nameof(name)),
    };
}
