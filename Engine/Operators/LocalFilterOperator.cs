using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.LocalFilters;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Filters that differ from pixel to pixel and come from the data: dynamic local filtering (De Brabandere et al., "Dynamic Filter Networks", NIPS 2016,
/// section 3.2), involution, and the reassembly of content-aware up-sampling.
/// </summary>
public static class LocalFilterOperator
{
    /// <summary>
    /// y[n, p, c] = Σ over taps t of filters[n, p, group(c), t] · x[n, pixel(p, t), c]; differentiable in input and filters. Taps outside the map count as
    /// zero.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, InHeight, InWidth, C].</param>
    /// <param name="filters">[N, OutHeight, OutWidth, groups · taps] in the geometry's layout; [N, groups · taps] when a sample's pixels share it.</param>
    /// <param name="geometry">The sizes; a scale above 1 filters the same patch for several output pixels.</param>
    /// <returns>[N, OutHeight, OutWidth, C].</returns>
    /// <exception cref="ArgumentException">Shapes do not fit each other.</exception>
    public static Tensor LocalFilter(this Context context, Tensor input, Tensor filters, in LocalFilterGeometry geometry)
    {
        ArgumentNullException.ThrowIfNull(context);
        ConvolutionGeometry maps = geometry.Maps;
        int batch = input.Shape.Rank == 4 ? input.Shape[0] : -1;
        if (batch < 0 || input.Shape != new Shape(batch, maps.InHeight, maps.InWidth, maps.InChannels))
        {
            throw new ArgumentException(
                $"The input has shape {input.Shape}; expected [N, {maps.InHeight}, {maps.InWidth}, {maps.InChannels}].", nameof(input));
        }

        Shape expected = geometry.IsShared
            ? new Shape(batch, geometry.FilterLength)
            : new Shape(batch, geometry.OutHeight, geometry.OutWidth, geometry.FilterLength);
        if (filters.Shape != expected)
        {
            throw new ArgumentException($"The filters have shape {filters.Shape}; expected {expected}.", nameof(filters));
        }

        context.ThrowIfCancelled();
        Tensor output = context.Workspace.Rent(new Shape(batch, geometry.OutHeight, geometry.OutWidth, geometry.Channels));
        LocalFilterWork.Forward(context, in geometry, batch, input, filters, output);
        context.Count(batch, geometry.MacsPerSample, geometry.MacsPerSample);
        if (context.Records(input) || context.Records(filters))
        {
            context.Tape!.Record(new Entry(context, input, filters, output, in geometry, batch));
        }

        return output;
    }

    private sealed class Entry : TapeEntry
    {
        private readonly Context _context;
        private readonly Tensor _input;
        private readonly Tensor _filters;
        private readonly LocalFilterGeometry _geometry;
        private readonly int _batch;

        public Entry(Context context, Tensor input, Tensor filters, Tensor output, in LocalFilterGeometry geometry, int batch)
            : base(output)
        {
            _context = context;
            _input = input;
            _filters = filters;
            _geometry = geometry;
            _batch = batch;
        }

        public override void Backward(Gradients gradients)
        {
            Tensor upstream = gradients.Of(Outputs[0]);
            if (Gradients.Flows(_filters))
            {
                LocalFilterWork.FilterGradient(_context, in _geometry, _batch, _input, upstream, Cleared(gradients, _filters));
            }

            if (Gradients.Flows(_input))
            {
                LocalFilterWork.InputGradient(_context, in _geometry, _batch, _filters, upstream, Cleared(gradients, _input));
            }
        }

        private static Tensor Cleared(Gradients gradients, Tensor operand)
        {
            Tensor target = gradients.Into(operand, out bool accumulate);
            if (!accumulate)
            {
                target.Span.Clear();
            }

            return target;
        }
    }
}
