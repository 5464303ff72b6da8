using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>Layer normalisation, y = γ·(x − mean) / √(variance + ε) + β over the last dimension (Ba, Kiros and Hinton, "Layer normalization", 2016).</summary>
public sealed class LayerNorm : Layer
{
    private readonly int _features;
    private readonly float _epsilon;

    /// <summary>Makes a normalisation.</summary>
    /// <param name="features">The extent of the last dimension.</param>
    /// <param name="epsilon">ε, above 0.</param>
    /// <param name="isAffine">Whether there are γ and β.</param>
    public LayerNorm(int features, float epsilon = 1e-5f, bool isAffine = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        if (!(epsilon > 0f && float.IsFinite(epsilon)))
        {
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "Expected a number above 0.");
        }

        _features = features;
        _epsilon = epsilon;
        Weight = isAffine ? AddParameter("weight", new Shape(features), decays: false) : null;
        Bias = isAffine ? AddParameter("bias", new Shape(features), decays: false) : null;
    }

    /// <summary>γ, [features]; null: 1.</summary>
    public Parameter? Weight { get; }

    /// <summary>β, [features]; null: 0.</summary>
    public Parameter? Bias { get; }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => input.Rank > 1 && input[-1] == _features
        ? input
        : throw new ArgumentException($"The input has shape {input}; expected [N, …, {_features}].", nameof(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => 0;

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        Weight?.Value.Span.Fill(1);
        Bias?.Value.Span.Clear();
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        _ = OutputShape(input.Shape);
        return context.LayerNorm(input, Weight?.Value ?? default, Bias?.Value ?? default, 1, _epsilon);
    }
}
