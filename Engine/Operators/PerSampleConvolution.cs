using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Convolution.Winograd;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Convolution with a kernel of each sample's own, as networks have that predict their weights (De Brabandere et al., "Dynamic Filter Networks", NIPS 2016,
/// section 3.2). On a processor it is a loop over samples; no group for each sample is needed.
/// </summary>
public static class PerSampleConvolution
{
    /// <summary>y[n] = x[n] ⊛ W[n] + b[n]; differentiable in x, W and b.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, InHeight, InWidth, InChannels].</param>
    /// <param name="weights">W, [N, OutChannels, InChannels / Groups, KernelHeight, KernelWidth].</param>
    /// <param name="biases">b, [N, OutChannels]; no tensor: none.</param>
    /// <param name="geometry">Strides, padding and the rest; its maps have the input's size.</param>
    /// <returns>[N, OutHeight, OutWidth, OutChannels].</returns>
    /// <exception cref="ArgumentException">Shapes do not fit each other.</exception>
    public static Tensor PerSampleConv2d(this Context context, Tensor input, Tensor weights, Tensor biases, in ConvolutionGeometry geometry)
    {
        ArgumentNullException.ThrowIfNull(context);
        int batch = SampleConvolution.CheckInput(input, in geometry);
        if (biases.Exists && biases.Shape != new Shape(batch, geometry.OutChannels))
        {
            throw new ArgumentException($"The biases have shape {biases.Shape}; expected {new Shape(batch, geometry.OutChannels)}.", nameof(biases));
        }

        Tensor output = Forward(context, input, weights, biases, batch, in geometry, default);
        if (context.Records(input) || context.Records(weights) || context.Records(biases))
        {
            context.Tape!.Record(new Entry(context, input, weights, biases, output, in geometry));
        }

        return output;
    }

    /// <summary>
    /// y[n] = activation((x[n] ⊛ W[n]) · scale + shift + residual), for inference: nothing is recorded. The bits are those of the same steps one after another.
    /// </summary>
    /// <param name="context">The context; it has no tape.</param>
    /// <param name="input">x, [N, InHeight, InWidth, InChannels].</param>
    /// <param name="weights">W, [N, OutChannels, InChannels / Groups, KernelHeight, KernelWidth].</param>
    /// <param name="geometry">Strides, padding and the rest; its maps have the input's size.</param>
    /// <param name="steps">What is done to the sums.</param>
    /// <returns>[N, OutHeight, OutWidth, OutChannels].</returns>
    /// <exception cref="ArgumentException">Shapes do not fit each other.</exception>
    /// <exception cref="InvalidOperationException">A tape records and a gradient would be lost.</exception>
    public static Tensor PerSampleConv2dFused(this Context context, Tensor input, Tensor weights, in ConvolutionGeometry geometry, in FusedSteps steps)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Records(input) || context.Records(weights) || context.Records(steps.Scale) || context.Records(steps.Shift)
            || context.Records(steps.Residual))
        {
            throw new InvalidOperationException("A fused convolution records nothing on the tape, but one of its operands requires a gradient; use PerSampleConv2d.");
        }

        return Forward(context, input, weights, default, SampleConvolution.CheckInput(input, in geometry), in geometry, in steps);
    }

    private static Tensor Forward(
        Context context, Tensor input, Tensor weights, Tensor biases, int batch, in ConvolutionGeometry geometry, in FusedSteps steps)
    {
        Shape expected = new(batch, geometry.OutChannels, geometry.InChannelsPerGroup, geometry.KernelHeight, geometry.KernelWidth);
        if (weights.Shape != expected)
        {
            throw new ArgumentException($"The weights have shape {weights.Shape}; expected {expected}.", nameof(weights));
        }

        Shape shape = new(batch, geometry.OutHeight, geometry.OutWidth, geometry.OutChannels);
        steps.Check(geometry.OutChannels, shape);
        context.ThrowIfCancelled();
        Tensor output = context.Workspace.Rent(shape);
        Tensor panels = context.Workspace.Rent(new Shape(PackedWeight.Length(in geometry)));
        WinogradForm? form = SampleConvolution.Choose(context, in geometry);
        for (int sample = 0; sample < batch; sample++)
        {
            FusedSteps own = SampleConvolution.StepsOf(in steps, sample);
            if (biases.Exists)
            {
                own = own with { Shift = biases.Rows(sample, 1).Reshape(new Shape(geometry.OutChannels)) };
            }

            PackedWeight.Pack(in geometry, weights.Rows(sample, 1).Span, panels.Span);
            SampleConvolution.Forward(context, in geometry, form, input.Rows(sample, 1), panels, output.Rows(sample, 1), in own);
        }

        context.Workspace.Recycle(panels.Storage);
        context.Count(batch, geometry.MacsPerSample, geometry.MacsPerSample);
        return output;
    }

    private sealed class Entry : TapeEntry
    {
        private readonly Context _context;
        private readonly Tensor _input;
        private readonly Tensor _weights;
        private readonly Tensor _biases;
        private readonly ConvolutionGeometry _geometry;

        public Entry(Context context, Tensor input, Tensor weights, Tensor biases, Tensor output, in ConvolutionGeometry geometry)
            : base(output)
        {
            _context = context;
            _input = input;
            _weights = weights;
            _biases = biases;
            _geometry = geometry;
        }

        private int Batch => _input.Shape[0];

        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(Outputs[0]);
            if (Gradients.Flows(_input))
            {
                InputGradient(gradient, gradients.Into(_input, out bool accumulate), accumulate);
            }

            if (Gradients.Flows(_weights))
            {
                Tensor target = gradients.Into(_weights, out bool accumulate);
                for (int n = 0; n < Batch; n++)
                {
                    WeightGradientWork.Run(
                        _context, in _geometry, 1, _input.Rows(n, 1), gradient.Rows(n, 1), default, false, target.Rows(n, 1), accumulate);
                }
            }

            if (Gradients.Flows(_biases))
            {
                Tensor target = gradients.Into(_biases, out bool accumulate);
                for (int n = 0; n < Batch; n++)
                {
                    SampleConvolution.BiasGradient(_context, in _geometry, gradient.Rows(n, 1), target.Rows(n, 1).Span, accumulate);
                }
            }
        }

        private void InputGradient(Tensor gradient, Tensor target, bool accumulate)
        {
            Tensor turned = _context.Workspace.Rent(new Shape(SampleConvolution.TurnedLength(in _geometry)));
            for (int n = 0; n < Batch; n++)
            {
                PackedTransposedWeight.Pack(in _geometry, _weights.Rows(n, 1).Span, turned.Span);
                SampleConvolution.InputGradient(_context, in _geometry, gradient.Rows(n, 1), turned, target.Rows(n, 1), accumulate);
            }

            _context.Workspace.Recycle(turned.Storage);
        }
    }
}
