using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Gathering;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Takes selected channels (elements of the last dimension) side by side, and puts them back with zeros elsewhere.</summary>
public static class ChannelOperator
{
    /// <summary>The selected channels of every row: y[…, i] = x[…, the i-th selected].</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[…, C].</param>
    /// <param name="channels">One row over C channels.</param>
    /// <returns>[…, selected]; the input itself when all are selected.</returns>
    /// <exception cref="ArgumentException">The selection is not one row over C.</exception>
    public static Tensor GatherChannels(this Context context, Tensor input, Selection channels)
    {
        SelectionCheck.Channels(channels, input.Shape, allowPerSample: false);
        return channels.IsAll ? input : Move(context, input, channels, channels.Count, scatter: false);
    }

    /// <summary>Channels back to full width: y[…, the i-th selected] = x[…, i], and 0 elsewhere.</summary>
    /// <param name="context">The context.</param>
    /// <param name="compact">[…, selected].</param>
    /// <param name="channels">One row over C channels.</param>
    /// <returns>[…, C]; the compact tensor itself when all are selected.</returns>
    /// <exception cref="ArgumentException">The selection is not one row, or selects another number of channels.</exception>
    public static Tensor ScatterChannels(this Context context, Tensor compact, Selection channels)
    {
        if (compact.Shape.Rank == 0 || (channels.Exists && (channels.Rows != 1 || channels.Count != compact.Shape[-1])))
        {
            throw new ArgumentException($"Rows of shape {compact.Shape} do not fit the selected channels, {channels}; expected one row of the selection and a channel for each.", nameof(channels));
        }

        return channels.IsAll ? compact : Move(context, compact, channels, channels.Universe, scatter: true);
    }

    private static Tensor Move(Context context, Tensor input, Selection channels, int width, bool scatter)
    {
        Tensor output = context.Workspace.Rent(input.Shape.With(-1, width));
        Run(input, channels, output, scatter, add: false);
        if (context.Records(input))
        {
            context.Tape!.Record(new Entry(input, channels, output, scatter));
        }

        return output;
    }

    private static void Run(Tensor from, Selection channels, Tensor to, bool scatter, bool add)
    {
        if (scatter)
        {
            ChannelMove.Scatter(from.Span, channels.Indices, to.Span, channels.Universe, add);
        }
        else
        {
            ChannelMove.Gather(from.Span, channels.Universe, channels.Indices, to.Span, add);
        }
    }

    private sealed class Entry(Tensor input, Selection channels, Tensor output, bool scatter) : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(output);
            Tensor target = gradients.Into(input, out bool accumulate);
            Run(gradient, channels, target, !scatter, accumulate);
        }
    }
}
