using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Gathering;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace ManagedDyn.Engine.Operators;

/// <summary>A selection of channels that all samples share, and how tensors with all channels become tensors with only these, and back.</summary>
internal readonly struct NarrowChannels
{
    private readonly Context _context;
    private readonly Selection _channels;
    private readonly int _universe;

    public NarrowChannels(Context context, Selection channels, int universe)
    {
        _context = context;
        _channels = channels;
        _universe = universe;
    }

    public bool IsAll => _channels.IsAll;

    public int Count => _channels.IsAll ? _universe : _channels.RowCount(0);

    /// <summary>The selected channels of [rows, …, all channels]; the tensor itself if it has no others.</summary>
    public Tensor Columns(Tensor wide, bool isCompact)
    {
        if (IsAll || isCompact)
        {
            return wide;
        }

        ReadOnlySpan<int> channels = _channels.Row(0);
        Tensor narrow = _context.Workspace.Rent(wide.Shape.With(-1, channels.Length));
        ChannelMove.Gather(wide.Span, _universe, channels, narrow.Span, add: false);
        return narrow;
    }

    /// <summary>Adds [rows, …, selected channels] to [rows, …, all channels].</summary>
    public void Add(Tensor narrow, Tensor wide, bool accumulate)
    {
        if (!IsAll)
        {
            ChannelMove.Scatter(narrow.Span, _channels.Row(0), wide.Span, _universe, accumulate);
        }
        else if (accumulate)
        {
            TensorPrimitives.Add(wide.Span, narrow.Span, wide.Span);
        }
        else
        {
            narrow.Span.CopyTo(wide.Span);
        }
    }

    /// <summary>The weights between selected channels, of [outputs, inputs, height, width]; the tensor itself if it has no others.</summary>
    public static Tensor Weight(Context context, Tensor weight, in NarrowChannels outs, in NarrowChannels ins)
    {
        if (outs.IsAll && ins.IsAll)
        {
            return weight;
        }

        Tensor narrow = context.Workspace.Rent(weight.Shape.With(0, outs.Count).With(1, ins.Count));
        int taps = weight.Shape.ProductFrom(2);
        ReadOnlySpan<float> from = weight.Span;
        Span<float> to = narrow.Span;
        ReadOnlySpan<int> rows = outs.List;
        ReadOnlySpan<int> columns = ins.List;
        int width = ins.Count;
        for (int o = 0, target = 0; o < outs.Count; o++)
        {
            ReadOnlySpan<float> row = from.Slice((outs.IsAll ? o : rows[o]) * ins._universe * taps, ins._universe * taps);
            for (int i = 0; i < width; i++, target += taps)
            {
                row.Slice((ins.IsAll ? i : columns[i]) * taps, taps).CopyTo(to[target..]);
            }
        }

        return narrow;
    }

    /// <summary>Adds the gradient of weights between selected channels to that of all.</summary>
    public static void AddWeight(Tensor narrow, Tensor weight, in NarrowChannels outs, in NarrowChannels ins, bool accumulate)
    {
        Span<float> to = weight.Span;
        if (!accumulate)
        {
            to.Clear();
        }

        int taps = weight.Shape.ProductFrom(2);
        ReadOnlySpan<float> from = narrow.Span;
        ReadOnlySpan<int> rows = outs.List;
        ReadOnlySpan<int> columns = ins.List;
        int width = ins.Count;
        for (int o = 0, source = 0; o < outs.Count; o++)
        {
            Span<float> row = to.Slice((outs.IsAll ? o : rows[o]) * ins._universe * taps, ins._universe * taps);
            for (int i = 0; i < width; i++)
            {
                foreach (ref float value in row.Slice((ins.IsAll ? i : columns[i]) * taps, taps))
                {
                    value += from[source++];
                }
            }
        }
    }

    private ReadOnlySpan<int> List => IsAll ? default : _channels.Row(0);
}
