using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicFeatures;

/// <summary>
/// ACON-C: a smooth maximum of two lines through zero for each channel, y = (p₁ − p₂) x · σ(β (p₁ − p₂) x) + p₂ x (Ma et al., "Activate or Not:
/// Learning Customized Activation", CVPR 2021, section 3). β → 0 gives the mean of both lines, β → ∞ their maximum; p = (1, 0), β = 1 is SiLU.
/// </summary>
/// <remarks>Rows of any kind, [N, …, C]. p₁ and p₂ start as normal numbers and β as 1, as in the authors' code.</remarks>
public sealed class Acon : Layer
{
    private readonly int _channels;

    /// <summary>Makes an activation.</summary>
    /// <param name="channels">C.</param>
    public Acon(int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        _channels = channels;
        First = AddParameter("p1", new Shape(channels), decays: false);
        Second = AddParameter("p2", new Shape(channels), decays: false);
        Switching = AddParameter("beta", new Shape(channels), decays: false);
    }

    /// <summary>p₁, [C].</summary>
    public Parameter First { get; }

    /// <summary>p₂, [C].</summary>
    public Parameter Second { get; }

    /// <summary>β, [C].</summary>
    public Parameter Switching { get; }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        if (input.Rank < 2 || input[-1] != _channels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, …, {_channels}].", nameof(input));
        }

        return input;
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        _ = OutputShape(input);
        return 0;
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        Initializers.Normal(First, random, 1f);
        Initializers.Normal(Second, random, 1f, stream: 1);
        Switching.Value.Span.Fill(1f);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        _ = OutputShape(input.Shape);
        return context.Acon(input, First.Value, Second.Value, Switching.Value);
    }
}
