using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>
/// Adds what layers ask for to a loss: L = L₀ + Σ_t λ(name of t)·t over the terms in the context's ledger, such as ponder costs, balances of experts
/// or the size of saliencies. Terms without a weight here are left out.
/// </summary>
public sealed class AuxiliaryTerms : AddedObjective
{
    private readonly KeyValuePair<string, float>[] _weights;

    /// <summary>Makes the objective.</summary>
    /// <param name="inner">L₀.</param>
    /// <param name="weights">λ for each name of a term, finite.</param>
    public AuxiliaryTerms(Objective inner, params ReadOnlySpan<KeyValuePair<string, float>> weights)
        : base(inner)
    {
        foreach ((string name, float weight) in weights)
        {
            if (!float.IsFinite(weight))
            {
                throw new ArgumentOutOfRangeException(nameof(weights), weight, $"The weight of \"{name}\" was {weight}; expected a finite number.");
            }
        }

        _weights = weights.ToArray();
    }

    /// <inheritdoc/>
    public override string Description
    {
        get
        {
            StringBuilder text = new("terms(");
            text.Append(Inner.Description);
            foreach ((string name, float weight) in _weights)
            {
                text.Append(CultureInfo.InvariantCulture, $", {name}={weight:R}");
            }

            return text.Append(')').ToString();
        }
    }

    /// <inheritdoc/>
    public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses)
    {
        ArgumentNullException.ThrowIfNull(context);
        List<Tensor> losses = [Inner.Compute(context, logits, labels, exitLosses)];
        List<float> factors = [1];
        foreach (LossTerm term in context.Ledger is { } ledger ? ledger.Terms : [])
        {
            foreach ((string name, float weight) in _weights)
            {
                if (name == term.Name)
                {
                    losses.Add(term.Value);
                    factors.Add(weight);
                }
            }
        }

        return losses.Count == 1 ? losses[0] : WeightedSum.Compute(context, losses.ToArray(), factors.ToArray());
    }
}
