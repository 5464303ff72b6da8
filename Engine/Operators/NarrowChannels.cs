using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

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
        ReadOnlySpan<float> from = wide.Span;
        Span<float> to = narrow.Span;
        for (int source = 0, target = 0; source < from.Length; source += _universe, target += channels.Length)
        {
            for (int i = 0; i < channels.Length; i++)
            {
                to[target + i] = from[source + channels[i]];
            }
        }

        return narrow;
    }

    /// <summary>Adds [rows, …, selected channels] to [rows, …, all channels].</summary>
    public void Add(Tensor narrow, Tensor wide, bool accumulate)
    {
        if (!accumulate)
        {
            wide.Span.Clear();
        }

        int count = Count;
        ReadOnlySpan<float> from = narrow.Span;
        Span<float> to = wide.Span;
        for (int source = 0, target = 0; source < from.Length; source += count, target += _universe)
        {
            for (int i = 0; i < count; i++)
            {
                to[target + Channel(i)] += from[source + i];
            }
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
        Span<float> to = narrow.Span;
        for (int o = 0; o < outs.Count; o++)
        {
            for (int i = 0; i < ins.Count; i++)
            {
                weight.Span.Slice(((outs.Channel(o) * ins._universe) + ins.Channel(i)) * taps, taps).CopyTo(to[(((o * ins.Count) + i) * taps)..]);
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
        for (int o = 0, source = 0; o < outs.Count; o++)
        {
            for (int i = 0; i < ins.Count; i++)
            {
                int target = ((outs.Channel(o) * ins._universe) + ins.Channel(i)) * taps;
                for (int tap = 0; tap < taps; tap++, source++)
                {
                    to[target + tap] += from[source];
                }
            }
        }
    }

    private int Channel(int place) => IsAll ? place : _channels.Row(0)[place];
}
