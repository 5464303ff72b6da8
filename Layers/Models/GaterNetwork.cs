using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.InstanceWise.DynamicWidth;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>GaterNet (Chen et al., CVPR 2019): a backbone whose filters a second network opens and closes once for each image.</summary>
internal sealed class GaterNetwork : ChannelChain
{
    private const int GaterChannels = 8;

    private readonly FilterGater _gater;
    private readonly ConvBlock[] _blocks;
    private readonly int[] _starts;
    private readonly ChannelHead _head;

    public GaterNetwork(ChannelNetOptions options)
        : base(options)
    {
        _blocks = new ConvBlock[options.Channels.Length - 1];
        _starts = new int[options.Channels.Length];
        for (int i = 0; i < _blocks.Length; i++)
        {
            _starts[i + 1] = _starts[i] + (options.Channels[i + 1] / options.GroupSize);
            _blocks[i] = Add("block" + i.ToString(CultureInfo.InvariantCulture), new ConvBlock(options.Channels[i], options.Channels[i + 1], 3, options.Strides[i + 1]));
        }

        _gater = Add("gater", new FilterGater(options.InputChannels, GaterChannels, options.GateUnits, _starts[^1]));
        _head = Add("head", new ChannelHead(options.Channels[^1], options.Classes));
    }

    public override long CountMacs(Shape input)
    {
        long macs = Stem.CountMacs(input) + _gater.CountMacs(input);
        Shape shape = Stem.OutputShape(input);
        foreach (ConvBlock block in _blocks)
        {
            macs += block.CountMacs(shape);
            shape = block.OutputShape(shape);
        }

        return macs + _head.CountMacs(shape);
    }

    protected override Tensor Run(Context context, Tensor input)
    {
        if (Skips(context))
        {
            return OneByOne(context, input);
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Decision decision = _gater.Decide(context, input);
        Tensor gates = context.Decisions == Engine.Execution.Decisions.Relaxed ? decision.Scores : context.MaskOf(decision.Selected);
        Tensor current = Stem.Forward(context, input);
        for (int i = 0; i < _blocks.Length; i++)
        {
            Tensor own = context.Slice(gates, 1, _starts[i], _starts[i + 1] - _starts[i]);
            Record(context, i, current.Shape, default, own);
            current = context.MaskMultiply(_blocks[i].Forward(context, current), ChannelSets.AsFactors(ChannelSets.Repeat(context, own, Options.GroupSize)));
        }

        return scope.Keep(_head.Forward(context, current));
    }

    protected override Tensor RunOne(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Decision decision = _gater.Decide(context, input);
        Tensor current = Stem.Forward(context, input);
        Selection has = default;
        int next = 0;
        for (int i = 0; i < _blocks.Length; i++)
        {
            Selection groups = GroupsOf(context, decision.Selected, i, ref next);
            Tensor scores = context.Ledger is null ? default : context.Slice(decision.Scores, 1, _starts[i], _starts[i + 1] - _starts[i]);
            Record(context, i, current.Shape, groups, scores);
            Selection wanted = context.Workspace.SelectMembers(groups, Options.GroupSize);
            current = RunBlock(context, i, current, ref has, wanted);
        }

        return scope.Keep(_head.Forward(context, current, has));
    }

    // The chosen channels of one layer. Where nothing is open the maps are zeros of full width.
    private Tensor RunBlock(Context context, int block, Tensor input, ref Selection has, Selection wanted)
    {
        ConvBlock layer = _blocks[block];
        using MeterTurn turn = new(context, layer);
        Shape full = input.Shape.With(3, Options.Channels[block]);
        if (wanted.IsEmpty)
        {
            has = default;
            context.Count(1, 0, layer.CountMacs(full));
            return context.Workspace.RentZeros(layer.OutputShape(full));
        }

        bool isCompact = IsFrozen;
        Conv2dSelection selection = new() { InChannels = has, CompactInChannels = isCompact && !has.IsAll, OutChannels = wanted, CompactOutChannels = isCompact };
        has = isCompact ? wanted : default;
        return layer.Forward(context, input, in selection);
    }

    private Selection GroupsOf(Context context, Selection open, int block, ref int next)
    {
        int count = _starts[block + 1] - _starts[block];
        if (open.IsAll)
        {
            return Selection.All(1, count);
        }

        int first = next;
        while (next < open.Count && open.Indices[next] < _starts[block + 1])
        {
            next++;
        }

        Span<int> groups = stackalloc int[Math.Min(256, next - first)];
        groups = next - first <= groups.Length ? groups : new int[next - first];
        for (int i = first; i < next; i++)
        {
            groups[i - first] = open.Indices[i] - _starts[block];
        }

        return context.Workspace.Select(count, groups);
    }

    private void Record(Context context, int block, Shape input, Selection groups, Tensor scores)
    {
        if (context.Ledger is not null)
        {
            context.Record(new DecisionRecord
            {
                Layer = _blocks[block].Number,
                Kind = DecisionKind.Channels,
                Rows = input[0],
                Selected = groups,
                Scores = scores,
                UnitMacs = _blocks[block].CountMacs(input.With(0, 1).With(3, Options.Channels[block])) / (_starts[block + 1] - _starts[block]),
            });
        }
    }
}
