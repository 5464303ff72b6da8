using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicWidth;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>A chain of <see cref="BoostedConvBlock"/> (Gao et al., ICLR 2019): a layer reads the winners of the one before and nothing else.</summary>
internal sealed class BoostedNetwork : Layer
{
    private readonly ConvBlock _stem;
    private readonly BoostedConvBlock[] _blocks;
    private readonly ChannelHead _head;

    public BoostedNetwork(ChannelNetOptions options)
    {
        _stem = Add("stem", ChannelNet.Stem(options));
        _blocks = new BoostedConvBlock[options.Channels.Length - 1];
        for (int i = 0; i < _blocks.Length; i++)
        {
            _blocks[i] = Add("block" + i.ToString(CultureInfo.InvariantCulture), new BoostedConvBlock(
                options.Channels[i], options.Channels[i + 1], 3, options.Strides[i + 1], (float)options.Density, options.GroupSize, isRectified: true));
        }

        _head = Add("head", new ChannelHead(options.Channels[^1], options.Classes));
    }

    public override Shape OutputShape(Shape input) => _head.OutputShape(_stem.OutputShape(input));

    public override long CountMacs(Shape input)
    {
        long macs = _stem.CountMacs(input);
        Shape shape = _stem.OutputShape(input);
        foreach (BoostedConvBlock block in _blocks)
        {
            macs += block.CountMacs(shape);
            shape = block.OutputShape(shape);
        }

        return macs + _head.CountMacs(shape);
    }

    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor current = _stem.Forward(context, input);
        Selection channels = default;
        bool isCompact = IsFrozen && context.Decisions == Engine.Execution.Decisions.Hard && context.Mode == Mode.Evaluate && context.Tape is null;
        foreach (BoostedConvBlock block in _blocks)
        {
            current = isCompact ? block.ForwardCompact(context, current, channels, out channels) : block.Forward(context, current);
        }

        return scope.Keep(_head.Forward(context, current, channels));
    }
}
