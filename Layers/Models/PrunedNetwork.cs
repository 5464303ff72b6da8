using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.InstanceWise.DynamicWidth;

namespace ManagedDyn.Layers.Models;

/// <summary>Runtime neural pruning (Lin et al., NeurIPS 2017): before each layer an agent says how many of its nested groups of channels are computed.</summary>
internal sealed class PrunedNetwork : ChannelChain
{
    private readonly SlimmableConvBlock[] _blocks;
    private readonly PruningAgent _agent;
    private readonly ChannelHead _head;

    public PrunedNetwork(ChannelNetOptions options)
        : base(options)
    {
        _blocks = new SlimmableConvBlock[options.Channels.Length - 1];
        for (int i = 0; i < _blocks.Length; i++)
        {
            _blocks[i] = Add("block" + i.ToString(CultureInfo.InvariantCulture), ChannelNet.Nested(options, i + 1));
        }

        _agent = Add("agent", new PruningAgent(options.Channels.AsSpan(0, _blocks.Length), options.GateUnits, options.Widths));
        _head = Add("head", new ChannelHead(options.Channels[^1], options.Classes));
    }

    public override long CountMacs(Shape input)
    {
        long macs = Stem.CountMacs(input);
        Shape shape = Stem.OutputShape(input);
        for (int i = 0; i < _blocks.Length; i++)
        {
            macs += _blocks[i].CountMacs(shape) + (input[0] * _agent.CountMacs(i));
            shape = _blocks[i].OutputShape(shape);
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
        Tensor current = Stem.Forward(context, input);
        Tensor state = default;
        for (int i = 0; i < _blocks.Length; i++)
        {
            Decision decision = _agent.Decide(context, i, current, default, ref state);
            Record(context, i, current.Shape, in decision);
            current = RunGroups(context, _blocks[i], current, decision.Selected);
        }

        return scope.Keep(_head.Forward(context, current));
    }

    protected override Tensor RunOne(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor current = Stem.Forward(context, input);
        Tensor state = default;
        int width = 0;
        for (int i = 0; i < _blocks.Length; i++)
        {
            Decision decision = _agent.Decide(context, i, current, First(context, Options.Channels[i], current.Shape[3]), ref state);
            Record(context, i, current.Shape.With(3, Options.Channels[i]), in decision);
            int chosen = decision.Selected.Indices[0];
            current = _blocks[i].Forward(context, current, width, chosen);
            width = chosen;
        }

        return scope.Keep(_head.Forward(context, current, First(context, Options.Channels[^1], current.Shape[3])));
    }

    private static Selection First(Context context, int channels, int count) =>
        count == channels ? default : context.Workspace.SelectFirst(channels, [count]);

    // Samples with the same action side by side; channels beyond theirs are 0.
    private static Tensor RunGroups(Context context, SlimmableConvBlock block, Tensor input, Selection actions)
    {
        MixtureSum sum = new(context, context.MaskOf(actions), block.OutputShape(input.Shape));
        int full = block.WidthCount - 1;
        for (int width = 0; width <= full; width++)
        {
            Selection rows = context.Workspace.SelectRowsOf(actions, width);
            if (!rows.IsEmpty)
            {
                Selection outer = context.Samples;
                Tensor chosen = context.GatherSamples(input, rows);
                context.Samples = context.Workspace.Nest(outer, rows);
                Tensor output = block.Forward(context, chosen, block.InWidthCount - 1, width);
                context.Samples = outer;
                sum.Add(SlimmableStage.Widen(context, output, block.ChannelsOf(full)), rows, width);
            }
        }

        return sum.Finish();
    }

    private void Record(Context context, int block, Shape input, in Decision decision)
    {
        if (context.Ledger is null)
        {
            return;
        }

        int[] counts = new int[input[0]];
        for (int row = 0; row < counts.Length; row++)
        {
            counts[row] = decision.Selected.Row(row)[0] + 1;
        }

        context.Record(new DecisionRecord
        {
            Layer = _blocks[block].Number,
            Kind = DecisionKind.Channels,
            Rows = input[0],
            Selected = context.Workspace.SelectFirst(Options.Widths, counts),
            Scores = SlimmableStage.NestedScores(context, decision.Scores),
            LogProbabilities = decision.LogProbabilities,
            UnitMacs = _blocks[block].CountMacs(input.With(0, 1)) / Options.Widths,
        });
    }
}
