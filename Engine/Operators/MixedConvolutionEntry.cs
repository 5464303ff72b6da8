using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Mixing;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>A mixed convolution on the tape, and the gradients of its input, coefficients, kernels and biases.</summary>
/// <remarks>
/// With G_n the gradient of sample n's mixed kernel: ∂a[n, e] = ⟨G_n, W[e]⟩, ∂W[e] = Σ over n of a[n, e] · G_n. The G_n exist for a few samples at a time;
/// samples are added in order, one chain for each element.
/// </remarks>
internal sealed class MixedConvolutionEntry : TapeEntry
{
    private const int SamplesTogether = 8;

    private readonly Context _context;
    private readonly Tensor _input;
    private readonly Tensor _coefficients;
    private readonly Tensor _experts;
    private readonly Tensor _biases;
    private readonly ConvolutionGeometry _geometry;

    public MixedConvolutionEntry(
        Context context, Tensor input, Tensor coefficients, Tensor experts, Tensor biases, Tensor output, in ConvolutionGeometry geometry)
        : base(output)
    {
        _context = context;
        _input = input;
        _coefficients = coefficients;
        _experts = experts;
        _biases = biases;
        _geometry = geometry;
    }

    private int Batch => _input.Shape[0];

    private int Count => _experts.Shape[0];

    public override void Backward(Gradients gradients)
    {
        Tensor gradient = gradients.Of(Outputs[0]);
        if (Gradients.Flows(_input))
        {
            InputGradient(gradient, gradients.Into(_input, out bool accumulate), accumulate);
        }

        bool mixes = Gradients.Flows(_coefficients);
        bool hasBiases = _biases.Exists && (mixes || Gradients.Flows(_biases));
        if (!mixes && !Gradients.Flows(_experts) && !hasBiases)
        {
            return;
        }

        // Into is asked for once a tensor: a second time it would say that nothing is there to add to.
        bool addsCoefficients = false, addsExperts = false, addsBiases = false;
        Tensor coefficientTarget = mixes ? gradients.Into(_coefficients, out addsCoefficients) : default;
        Tensor expertTarget = Gradients.Flows(_experts) ? gradients.Into(_experts, out addsExperts) : default;
        Tensor biasTarget = _biases.Exists && Gradients.Flows(_biases) ? gradients.Into(_biases, out addsBiases) : default;
        if (coefficientTarget.Exists && !addsCoefficients)
        {
            coefficientTarget.Span.Clear();
        }

        if (coefficientTarget.Exists || expertTarget.Exists)
        {
            KernelGradients(gradient, coefficientTarget, expertTarget, addsExperts);
        }

        if (hasBiases)
        {
            BiasGradients(gradient, coefficientTarget, biasTarget, addsBiases);
        }
    }

    private void InputGradient(Tensor gradient, Tensor target, bool accumulate)
    {
        int length = SampleConvolution.TurnedLength(in _geometry);
        Tensor one = _context.Workspace.Rent(new Shape(length));
        Tensor turned = _context.Workspace.Rent(new Shape(ExpertMix.PackedLength(Count, length)));
        for (int expert = 0; expert < Count; expert++)
        {
            PackedTransposedWeight.Pack(in _geometry, _experts.Span.Slice(expert * _geometry.WeightElements, _geometry.WeightElements), one.Span);
            ExpertMix.Pack(one.Span, expert, Count, turned.Span);
        }

        for (int sample = 0; sample < Batch; sample++)
        {
            MixWork.Run(_context, _coefficients.Rows(sample, 1), turned, one);
            SampleConvolution.InputGradient(_context, in _geometry, gradient.Rows(sample, 1), one, target.Rows(sample, 1), accumulate);
        }

        _context.Workspace.Recycle(turned.Storage);
        _context.Workspace.Recycle(one.Storage);
    }

    private void KernelGradients(Tensor gradient, Tensor coefficientTarget, Tensor expertTarget, bool accumulate)
    {
        int length = _geometry.WeightElements;
        Tensor kernels = _context.Workspace.Rent(new Shape(Math.Min(SamplesTogether, Math.Max(1, Batch)), length));
        for (int first = 0; first < Batch; first += SamplesTogether)
        {
            int count = Math.Min(SamplesTogether, Batch - first);
            for (int i = 0; i < count; i++)
            {
                WeightGradientWork.Run(
                    _context, in _geometry, 1, _input.Rows(first + i, 1), gradient.Rows(first + i, 1), default, false, kernels.Rows(i, 1), accumulate: false);
            }

            MixGradientWork.Run(_context, _coefficients.Rows(first, count), _experts, kernels.Rows(0, count), coefficientTarget.Exists ? coefficientTarget.Rows(first, count) : default, expertTarget, accumulate || first > 0);
        }

        if (Batch == 0 && expertTarget.Exists && !accumulate)
        {
            expertTarget.Span.Clear();
        }

        _context.Workspace.Recycle(kernels.Storage);
    }

    private void BiasGradients(Tensor gradient, Tensor coefficientTarget, Tensor biasTarget, bool accumulate)
    {
        Tensor shifts = _context.Workspace.Rent(new Shape(Math.Max(1, Batch), _geometry.OutChannels));
        for (int sample = 0; sample < Batch; sample++)
        {
            SampleConvolution.BiasGradient(_context, in _geometry, gradient.Rows(sample, 1), shifts.Rows(sample, 1).Span, accumulate: false);
        }

        if (Batch > 0)
        {
            MixGradientWork.Run(_context, _coefficients, _biases, shifts, coefficientTarget, biasTarget, accumulate);
        }
        else if (biasTarget.Exists && !accumulate)
        {
            biasTarget.Span.Clear();
        }

        _context.Workspace.Recycle(shifts.Storage);
    }
}
