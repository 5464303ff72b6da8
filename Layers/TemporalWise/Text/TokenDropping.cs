using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.TemporalWise.Text;

/// <summary>
/// Decides which tokens a layer of a transformer hands on, by the attention that each received: the best of a fixed share (Goyal et al., "PoWER-BERT", ICML 2020),
/// or those above a threshold that is learned (Kim et al., "Learned token pruning for transformers", KDD 2022). The first token, which the answer is read from,
/// always stays.
/// </summary>
/// <remarks>
/// Scores are sums over queries, so that their mean over a sample's tokens is 1 whatever its length; the second paper has means, whose thresholds depend on the
/// length. A learned choice is hard in training too, with the gradient of σ((score − θ) / T) passed straight through, where the paper multiplies by the soft mask
/// first and fine-tunes with the hard one; the number of tokens kept is the term <see cref="TokensTerm"/> of the loss, as a share. Both choose after a whole
/// layer, where the first paper chooses between attention and the products behind it.
/// </remarks>
public sealed class TokenDropping : Module
{
    /// <summary>The name of the share of tokens kept among the terms of the loss.</summary>
    public const string TokensTerm = "tokens";

    private readonly float _keep;
    private readonly float _start;
    private readonly float _temperature;
    private readonly Parameter? _threshold;

    private TokenDropping(float keep, float start, float temperature, bool isLearned)
    {
        _keep = keep;
        _start = start;
        _temperature = temperature;
        _threshold = isLearned ? AddParameter("threshold", new Shape(1), decays: false) : null;
    }

    /// <summary>Keeps the best ⌈share · tokens⌉ of the tokens that are left.</summary>
    /// <param name="share">Above 0, at most 1.</param>
    public static TokenDropping Best(float share) => share > 0 && share <= 1
        ? new TokenDropping(share, 0, 1, isLearned: false)
        : throw new ArgumentOutOfRangeException(nameof(share), share, "Expected a share above 0, at most 1.");

    /// <summary>Keeps the tokens whose score is above a learned threshold.</summary>
    /// <param name="start">θ when training begins; 1 is the mean score.</param>
    /// <param name="temperature">T, above 0.</param>
    public static TokenDropping Learned(float start, float temperature) => temperature > 0 && float.IsFinite(temperature) && float.IsFinite(start)
        ? new TokenDropping(1, start, temperature, isLearned: true)
        : throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "Expected a temperature above 0 and a finite start.");

    /// <summary>Which tokens stay.</summary>
    /// <param name="context">The context; while a tape records, the result is differentiable if the threshold is learned.</param>
    /// <param name="received">The attention that each token received, [N, T].</param>
    /// <param name="present">1 where there is a token yet, else 0, [N, T]; the first of a sample always is.</param>
    /// <returns>1 where a token stays, else 0, [N, T].</returns>
    public Tensor Choose(Context context, Tensor received, Tensor present)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (received.Shape.Rank != 2 || received.Shape != present.Shape)
        {
            throw new ArgumentException($"Scores of shape {received.Shape} were given for tokens of shape {present.Shape}; expected [N, T] twice.", nameof(received));
        }

        if (_threshold is null)
        {
            return BestOf(context, received, present);
        }

        (int samples, int length) = (received.Shape[0], received.Shape[1]);
        Tensor soft = context.Sigmoid(context.Scale(context.Subtract(received, _threshold.Value), 1 / _temperature));
        Tensor kept = context.Multiply(context.StraightThrough(soft), present);

        // The first token stays whatever its score: 1 in place of the choice, without a gradient.
        Tensor others = context.Workspace.Rent(received.Shape);
        Tensor first = context.Workspace.RentZeros(received.Shape);
        others.Span.Fill(1);
        for (int n = 0; n < samples; n++)
        {
            others.Span[n * length] = 0;
            first.Span[n * length] = 1;
        }

        return context.Add(context.Multiply(kept, others), first);
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random) => _threshold?.Value.Span.Fill(_start);

    private Tensor BestOf(Context context, Tensor received, Tensor present)
    {
        (int samples, int length) = (received.Shape[0], received.Shape[1]);
        Tensor kept = context.Workspace.RentZeros(received.Shape);
        for (int n = 0; n < samples; n++)
        {
            ReadOnlySpan<float> there = present.Span.Slice(n * length, length);
            ReadOnlySpan<float> scores = received.Span.Slice(n * length, length);
            Span<float> stays = kept.Span.Slice(n * length, length);
            int count = 0;
            foreach (float one in there)
            {
                count += one > 0 ? 1 : 0;
            }

            int left = Math.Max(1, (int)MathF.Ceiling(_keep * count)) - 1;
            stays[0] = 1;
            for (; left > 0; left--)
            {
                int best = -1;
                for (int i = 1; i < length; i++)
                {
                    best = there[i] > 0 && stays[i] == 0 && (best < 0 || scores[i] > scores[best]) ? i : best;
                }

                if (best < 0)
                {
                    break;
                }

                stays[best] = 1;
            }
        }

        return kept;
    }
}
