using System;

namespace ManagedDyn.Engine.Kernels.Pooling;

/// <summary>Which pixels each output pixel of a pooling takes, for maps of [height, width, channels].</summary>
public readonly struct PoolGeometry
{
    /// <summary>Makes a geometry.</summary>
    /// <param name="rows">Along the height.</param>
    /// <param name="columns">Along the width.</param>
    /// <param name="channels">Channels, at least 1.</param>
    public PoolGeometry(PoolAxis rows, PoolAxis columns, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows.Input, 1, nameof(rows));
        ArgumentOutOfRangeException.ThrowIfLessThan(columns.Input, 1, nameof(columns));
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        Rows = rows;
        Columns = columns;
        Channels = channels;
        _ = checked(rows.Input * columns.Input * channels);
        _ = checked(rows.Output * columns.Output * channels);
    }

    /// <summary>Along the height.</summary>
    public PoolAxis Rows { get; }

    /// <summary>Along the width.</summary>
    public PoolAxis Columns { get; }

    /// <summary>Channels.</summary>
    public int Channels { get; }

    /// <summary>Elements of a map of the input.</summary>
    public int InElements => Rows.Input * Columns.Input * Channels;

    /// <summary>Elements of a map of the output.</summary>
    public int OutElements => Rows.Output * Columns.Output * Channels;

    /// <summary>Checks operands of a sweep over some rows of the output.</summary>
    internal void Check(int inLength, int outLength, int from, int to)
    {
        if (inLength < InElements || outLength < OutElements)
        {
            throw new ArgumentException($"A pooling was given maps of {inLength} and {outLength} values; expected {InElements} and {OutElements}.");
        }

        if (from < 0 || to < from || to > Rows.Output)
        {
            throw new ArgumentException($"Rows {from} to {to} of a pooling were asked for; expected a range within 0 to {Rows.Output}.");
        }
    }
}
