using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Pooling;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Pools the maps of a batch: chunks of output rows, over all samples.</summary>
internal readonly struct PoolWork : IParallelWork
{
    private readonly PoolGeometry _geometry;
    private readonly bool _isMaximum;
    private readonly bool _countPadding;
    private readonly Tensor _input;
    private readonly Tensor _output;
    private readonly Storage<int>? _indices;
    private readonly RowChunks _chunks;

    public PoolWork(in PoolGeometry geometry, bool isMaximum, bool countPadding, Tensor input, Tensor output, Storage<int>? indices)
    {
        _geometry = geometry;
        _isMaximum = isMaximum;
        _countPadding = countPadding;
        _input = input;
        _output = output;
        _indices = indices;

        // The work is to read the input, or where windows overlap much, to write the output.
        int height = geometry.Rows.Output;
        _chunks = new RowChunks(input.Shape[0] * height, Math.Max(geometry.InElements, geometry.OutElements) / height);
    }

    public int Parts => _chunks.Count;

    /// <summary>The shape of the output for a shape of the input.</summary>
    public static Shape OutputShape(Shape input, in PoolGeometry geometry)
    {
        if (input.Rank != 4 || input[1] != geometry.Rows.Input || input[2] != geometry.Columns.Input || input[3] != geometry.Channels)
        {
            throw new ArgumentException(
                $"The input has shape {input}; expected [N, {geometry.Rows.Input}, {geometry.Columns.Input}, {geometry.Channels}].", nameof(input));
        }

        return new Shape(input[0], geometry.Rows.Output, geometry.Columns.Output, geometry.Channels);
    }

    /// <summary>Checks that an input is a batch of maps with pixels.</summary>
    public static void CheckMaps(Shape input)
    {
        if (input.Rank != 4 || input.ProductFrom(1) == 0)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, channels] with pixels.", nameof(input));
        }
    }

    public void Execute(int part)
    {
        int height = _geometry.Rows.Output;
        int row = _chunks.From(part);
        int end = _chunks.To(part);
        while (row < end)
        {
            int sample = row / height;
            int from = row - (sample * height);
            int to = Math.Min(height, from + end - row);
            ReadOnlySpan<float> input = _input.Rows(sample, 1).Span;
            Span<float> output = _output.Rows(sample, 1).Span;
            if (_isMaximum)
            {
                Span<int> indices = _indices is null ? default : _indices.Slice(sample * _geometry.OutElements, _geometry.OutElements);
                MaxPooling.Forward(_geometry, input, from, to, output, indices);
            }
            else
            {
                AveragePooling.Forward(_geometry, _countPadding, input, from, to, output);
            }

            row += to - from;
        }
    }
}
