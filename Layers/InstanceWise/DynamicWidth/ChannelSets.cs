using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.InstanceWise.DynamicWidth;

/// <summary>What layers with chosen channels share.</summary>
internal static class ChannelSets
{
    /// <summary>The values of the selected channels side by side.</summary>
    /// <param name="context">The context; nothing is recorded.</param>
    /// <param name="values">[N, C].</param>
    /// <param name="channels">A row for each of N over C, all with as many channels.</param>
    /// <returns>[N, selected]; the values themselves when all are selected.</returns>
    public static Tensor Take(Context context, Tensor values, Selection channels)
    {
        if (channels.IsAll)
        {
            return values;
        }

        int samples = values.Shape[0];
        int width = values.Shape[1];
        Tensor taken = context.Workspace.Rent(new Shape(samples, samples == 0 ? 0 : channels.Count / samples));
        ReadOnlySpan<int> indices = channels.Indices;
        ReadOnlySpan<float> from = values.Span;
        Span<float> to = taken.Span;
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = from[(i / taken.Shape[1] * width) + indices[i]];
        }

        return taken;
    }

    /// <summary>The mean of each group of neighbouring channels: [N, C] to [N, C / size].</summary>
    public static Tensor GroupMeans(Context context, Tensor values, int size)
    {
        if (size == 1)
        {
            return values;
        }

        int samples = values.Shape[0];
        return context.Mean(values.Reshape(new Shape(samples, values.Shape[1] / size, size)), 2);
    }

    /// <summary>One value a group, repeated for each of its channels: [N, groups] to [N, groups · size].</summary>
    public static Tensor Repeat(Context context, Tensor groups, int size)
    {
        if (size == 1)
        {
            return groups;
        }

        (int samples, int count) = (groups.Shape[0], groups.Shape[1]);
        Tensor spread = context.BroadcastTo(groups.Reshape(new Shape(samples, count, 1)), new Shape(samples, count, size));
        return spread.Reshape(new Shape(samples, count * size));
    }

    /// <summary>A value for each channel as a factor of maps: [N, C] to [N, 1, 1, C].</summary>
    public static Tensor AsFactors(Tensor values) => values.Reshape(new Shape(values.Shape[0], 1, 1, values.Shape[1]));

    /// <summary>Refuses groups that do not divide the channels.</summary>
    public static void CheckGroups(int channels, int size, string name)
    {
        if (size < 1 || channels % size != 0)
        {
            throw new ArgumentOutOfRangeException(name, size, $"Groups of {size} channels were asked for among {channels}; expected a divisor.");
        }
    }
}
