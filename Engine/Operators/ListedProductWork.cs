using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Linear layers whose rows have lists of neurons or inputs of their own: row by row along the lists, in whole vectors of the packed weights.</summary>
internal struct ListedProductWork : IParallelWork
{
    private const long MacsPerPart = 1L << 16;

    private Conv2dSelection _features;
    private Tensor _input;
    private Tensor _panels;
    private ConvolutionGeometry _geometry;
    private Tensor _bias;
    private Tensor _output;
    private int _parts;

    /// <summary>Whether each row has lists of its own, with inputs that lie in runs; rows that share lists are faster as a block.</summary>
    public static bool Pays(Tensor input, in Conv2dSelection features)
    {
        int rows = input.Shape[0];
        if (rows == 0 || !features.Pixels.IsAll || !features.SelectsChannels || (rows > 1 && !features.DiffersBySample))
        {
            return false;
        }

        for (int row = 0; row < (features.InChannels.IsAll ? 0 : features.InChannels.Rows); row++)
        {
            if (!ListedProduct.Suits(features.InChannels.Row(row)))
            {
                return false;
            }
        }

        return true;
    }

    public static Tensor Forward(Context context, Tensor input, PackedWeight packed, Tensor bias, in Conv2dSelection features)
    {
        int rows = input.Shape[0];
        ConvolutionGeometry geometry = new(packed.InChannels, packed.OutChannels, 1, 1, 1, 1);
        packed.CheckFits(in geometry);
        features.Check(in geometry, rows);
        if (input.Shape[1] != features.InWidth(in geometry))
        {
            throw new ArgumentException($"The input has shape {input.Shape}; expected [{rows}, {features.InWidth(in geometry)}].", nameof(input));
        }

        context.ThrowIfCancelled();
        Shape shape = new(rows, features.OutWidth(in geometry));
        bool leavesGaps = !features.OutChannels.IsAll && !features.CompactOutChannels;
        ListedProductWork work = default;
        work._features = features;
        work._input = input;
        work._geometry = geometry;
        work._panels = packed.Panels;
        work._bias = bias;
        work._output = leavesGaps ? context.Workspace.RentZeros(shape) : context.Workspace.Rent(shape);
        work._parts = (int)Math.Clamp(geometry.MacsPerSample / MacsPerPart, 1, context.Workers.Threads);
        context.Workers.Run(rows * work._parts, in work);
        if (context.Meter is not null)
        {
            for (int row = 0; row < rows; row++)
            {
                ConvolutionSelection own = features.Of(row);
                context.CountRow(row, own.Macs(in geometry), geometry.MacsPerSample);
            }
        }

        return work._output;
    }

    public readonly void Execute(int part)
    {
        int row = part / _parts;
        int piece = part % _parts;
        ConvolutionSelection own = _features.Of(row);
        int pieces = ListedProduct.Pieces(_geometry.OutChannels);
        Range range = new((int)((long)pieces * piece / _parts), (int)((long)pieces * (piece + 1) / _parts));
        ListedProduct.Run(
            _input.Rows(row, 1).Span, _panels.Span, _bias.Exists ? _bias.Span : default, own.InChannels, _geometry.InChannels, own.OutChannels, _geometry.OutChannels,
            _output.Rows(row, 1).Span, range);
    }
}
