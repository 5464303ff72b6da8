using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>An activation as a layer: y = f(x), element by element.</summary>
/// <param name="function">f.</param>
public sealed class Activate(ActivationFunction function) : Layer
{
    /// <summary>f.</summary>
    public ActivationFunction Function { get; } = function;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => input;

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => 0;

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) => Function switch
    {
        ActivationFunction.Relu => context.Relu(input),
        ActivationFunction.LeakyRelu => context.LeakyRelu(input),
        ActivationFunction.Sigmoid => context.Sigmoid(input),
        ActivationFunction.Tanh => context.Tanh(input),
        ActivationFunction.Gelu => context.Gelu(input),
        ActivationFunction.Silu => context.Silu(input),
        ActivationFunction.HardSwish => context.HardSwish(input),
        _ => throw new InvalidOperationException($"There is no activation function {Function}."),
    };
}
