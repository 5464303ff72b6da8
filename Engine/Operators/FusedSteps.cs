using System;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// What a convolution or linear layer does to each result as it is stored: y = activation(result · scale + shift + residual). For inference:
/// a normalisation with frozen statistics is a scale and a shift, a bias is a shift.
/// </summary>
public readonly struct FusedSteps
{
    /// <summary>Factor of each output channel; no tensor: 1.</summary>
    public Tensor Scale { get; init; }

    /// <summary>Summand of each output channel; no tensor: 0.</summary>
    public Tensor Shift { get; init; }

    /// <summary>Summand of each output, of the output's shape; no tensor: 0.</summary>
    public Tensor Residual { get; init; }

    /// <summary>The function applied last.</summary>
    public Activation Activation { get; init; }

    /// <summary>The steps of a part of the output.</summary>
    internal Epilogue For(int start, int length) => new()
    {
        Scale = Scale.Exists ? Scale.Span : default,
        Shift = Shift.Exists ? Shift.Span : default,
        Residual = Residual.Exists ? Residual.Span.Slice(start, length) : default,
        Activation = Activation,
    };

    internal void Check(int channels, Shape output)
    {
        Check("scale", Scale, new Shape(channels));
        Check("shift", Shift, new Shape(channels));
        Check("residual", Residual, output);
    }

    private static void Check(string what, Tensor tensor, Shape expected)
    {
        if (tensor.Exists && tensor.Shape != expected)
        {
            throw new ArgumentException($"The {what} has shape {tensor.Shape}; expected {expected}.");
        }
    }
}
