using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>Trains all stages of a network that answers with pictures: L = Σ_k mean((y_k − t/255)²), with the picture's bytes t as targets.</summary>
public sealed class PictureError : Objective
{
    // Squares of differences of values from 0 to 1 are small; this brings the loss to about that of a classifier, and learning rates with it.
    private const float Scale = 10;

    /// <inheritdoc/>
    public override string Description => string.Create(CultureInfo.InvariantCulture, $"picture error(scale={Scale})");

    /// <inheritdoc/>
    public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (logits.Length == 0 || exitLosses.Length != logits.Length)
        {
            throw new ArgumentException($"{logits.Length} stages were given with room for {exitLosses.Length} losses; expected at least one and as many losses.", nameof(logits));
        }

        Tensor[] losses = new Tensor[logits.Length];
        float[] weights = new float[logits.Length];
        for (int stage = 0; stage < losses.Length; stage++)
        {
            losses[stage] = Of(context, logits[stage], labels);
            exitLosses[stage] = losses[stage].Span[0];
            weights[stage] = Scale;
        }

        return WeightedSum.Compute(context, losses, weights);
    }

    /// <summary>The mean squared error of one answer, [1].</summary>
    internal static Tensor Of(Context context, Tensor values, ReadOnlySpan<int> bytes)
    {
        if (values.Count != bytes.Length)
        {
            throw new ArgumentException($"The answer {values.Shape} has {values.Count} values for {bytes.Length} bytes of pictures; expected as many.", nameof(values));
        }

        Tensor targets = context.Workspace.Rent(values.Shape);
        for (int i = 0; i < bytes.Length; i++)
        {
            targets.Span[i] = bytes[i] / 255f;
        }

        return context.MeanSquaredError(values, targets);
    }
}
