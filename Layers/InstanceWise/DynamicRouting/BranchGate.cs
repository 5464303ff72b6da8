using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Gates;
using ManagedDyn.Layers.InstanceWise.DynamicWidth;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicRouting;

/// <summary>
/// Chooses k of B branches from pooled features: g = softmax(W₂ relu(W₁ GAP(x) + b₁) + b₂), the k largest, weighed by g_i / Σ of the chosen.
/// </summary>
/// <remarks>
/// Training begins soft: all branches, weighed by g. From a share of it on the k largest of g with Gumbel noise (which fades until the end) run
/// alone, and gradients reach g through the chosen branches only, with the normalising sum as a constant, so that one branch alone still teaches the gate.
/// The term "balance" is asked for, B Σ_i f_i g̅_i, with f_i the share of samples for which branch i is the first choice and g̅_i the mean of g_i
/// (Fedus et al., "Switch transformers", JMLR 2022, section 2.2): without it a gate soon sends all to one branch.
/// </remarks>
public sealed class BranchGate : DecisionRule
{
    private readonly Linear _hidden;
    private readonly Linear _output;
    private readonly int _channels;
    private readonly int _branches;
    private readonly int _active;
    private readonly double _softShare;

    /// <summary>Makes a gate.</summary>
    /// <param name="channels">Channels of the features.</param>
    /// <param name="branches">B, at least 1.</param>
    /// <param name="active">k, 1 to B.</param>
    /// <param name="hidden">Units of the hidden layer.</param>
    /// <param name="softShare">The share of training that is soft, from 0 to 1; 1: all of it.</param>
    public BranchGate(int channels, int branches, int active = 1, int hidden = 16, double softShare = 0.5)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(branches, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(active, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(active, branches);
        if (!(softShare >= 0 && softShare <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(softShare), softShare, "Expected a share of training from 0 to 1.");
        }

        _channels = channels;
        _branches = branches;
        _active = active;
        _softShare = softShare;
        _hidden = Add("hidden", new Linear(channels, hidden));
        _output = Add("output", new Linear(hidden, branches));
    }

    /// <summary>B.</summary>
    public int BranchCount => _branches;

    /// <summary>k.</summary>
    public int ActiveCount => _active;

    /// <inheritdoc/>
    public override long CountMacs(Shape features)
    {
        Shape pooled = new(features[0], _channels);
        return _hidden.CountMacs(pooled) + _output.CountMacs(_hidden.OutputShape(pooled));
    }

    /// <inheritdoc/>
    public override Decision Decide(Context context, Tensor features)
    {
        ArgumentNullException.ThrowIfNull(context);
        Tensor pooled = GateFeatures.Of(context, features);
        Tensor logits = _output.Forward(context, context.Relu(_hidden.Forward(context, pooled)));
        Tensor soft = context.Softmax(logits);
        bool isRelaxed = context.Decisions == Engine.Execution.Decisions.Relaxed;
        if (GateFeatures.Trains(context))
        {
            Selection first = context.Workspace.SelectTop(soft.Shape[0], _branches, soft.Span, 1);
            context.AddLossTerm("balance", Number, ExpertBalance.Switch(context, soft, first));
        }

        if (isRelaxed && (context.Mode == Mode.Evaluate || context.Progress < _softShare))
        {
            return new Decision(default, soft);
        }

        int samples = logits.Shape[0];
        Tensor ranks = isRelaxed ? Noisy(context, logits) : logits;
        Selection chosen = context.Workspace.SelectTop(samples, _branches, ranks.Span, _active);
        return new Decision(chosen, context.Multiply(soft, Normalizer(context, soft, chosen)));
    }

    // 1 / Σ of the chosen weights at the chosen branches, 0 elsewhere; a constant.
    private Tensor Normalizer(Context context, Tensor soft, Selection chosen)
    {
        Tensor factors = context.Workspace.RentZeros(soft.Shape);
        for (int row = 0; row < soft.Shape[0]; row++)
        {
            ReadOnlySpan<float> weights = soft.Span.Slice(row * _branches, _branches);
            float sum = 0;
            foreach (int branch in chosen.Row(row))
            {
                sum += weights[branch];
            }

            foreach (int branch in chosen.Row(row))
            {
                factors.Span[(row * _branches) + branch] = 1 / sum;
            }
        }

        return factors;
    }

    private Tensor Noisy(Context context, Tensor logits)
    {
        Tensor noise = context.RentGumbel(logits.Shape, context.Random.Stream(string.Create(CultureInfo.InvariantCulture, $"branch gate {Number}")));
        float strength = (float)((1 - context.Progress) / Math.Max(1e-6, 1 - _softShare));
        for (int i = 0; i < noise.Count; i++)
        {
            noise.Span[i] = logits.Span[i] + (strength * noise.Span[i]);
        }

        return noise;
    }
}
