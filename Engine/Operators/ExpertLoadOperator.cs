using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// How probable it is that an expert is among the k chosen if its noise is drawn anew: the smooth count of what experts get (Shazeer et al., ICLR 2017,
/// appendix A).
/// </summary>
public static class ExpertLoadOperator
{
    /// <summary>
    /// P[n, e] = Φ((z[n, e] − t[n, e]) / s[n, e]), with t the k-th largest of the noisy logits h[n, ·] without h[n, e], and Φ the standard normal distribution.
    /// Differentiable in z, s and h.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="clean">z, the logits without noise, [N, experts].</param>
    /// <param name="noisy">h, with it, [N, experts].</param>
    /// <param name="deviation">s, the noise's standard deviation, above 0, [N, experts].</param>
    /// <param name="count">k, from 1 to experts − 1.</param>
    /// <returns>P, [N, experts].</returns>
    /// <exception cref="ArgumentException">The shapes differ, or k is out of range.</exception>
    public static Tensor ExpertLoad(this Context context, Tensor clean, Tensor noisy, Tensor deviation, int count)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (clean.Shape.Rank != 2 || noisy.Shape != clean.Shape || deviation.Shape != clean.Shape)
        {
            throw new ArgumentException($"Logits of shapes {clean.Shape} and {noisy.Shape} with deviations of {deviation.Shape} were given; expected [N, experts] for each.", nameof(clean));
        }

        int experts = clean.Shape[1];
        if (count < 1 || count >= experts)
        {
            throw new ArgumentException($"The load of the {count} best of {experts} experts was asked for; expected 1 to {experts - 1}.", nameof(count));
        }

        Tensor output = context.Workspace.Rent(clean.Shape);
        int[]? thresholds = context.Records(clean) || context.Records(noisy) || context.Records(deviation) ? new int[clean.Count] : null;
        Span<int> order = experts <= 256 ? stackalloc int[experts] : new int[experts];
        for (int row = 0; row < clean.Shape[0]; row++)
        {
            Rank(noisy.Span.Slice(row * experts, experts), order);
            for (int e = 0; e < experts; e++)
            {
                // Without e itself, whose rank may be before the k-th, the k-th largest is one further on.
                bool isChosen = order[..count].Contains(e);
                int place = (row * experts) + order[isChosen ? count : count - 1];
                int own = (row * experts) + e;
                output.Span[own] = (float)Distribution(((double)clean.Span[own] - noisy.Span[place]) / deviation.Span[own]);
                if (thresholds is not null)
                {
                    thresholds[own] = place;
                }
            }
        }

        if (thresholds is not null)
        {
            context.Tape!.Record(new Entry(clean, noisy, deviation, thresholds, output));
        }

        return output;
    }

    // Places in descending order of their values, of equal ones the lower first.
    private static void Rank(ReadOnlySpan<float> values, Span<int> order)
    {
        for (int i = 0; i < order.Length; i++)
        {
            int at = i;
            while (at > 0 && values[order[at - 1]] < values[i])
            {
                order[at] = order[at - 1];
                at--;
            }

            order[at] = i;
        }
    }

    // Φ(x) = erfc(−x/√2)/2 by the fit of W. J. Cody's form in Numerical Recipes (section 6.2.2), whose relative error is below 1.2e-7.
    private static double Distribution(double x)
    {
        double z = Math.Abs(x) / Math.Sqrt(2);
        double t = 1 / (1 + (0.5 * z));
        double power = -1.26551223 + (t * (1.00002368 + (t * (0.37409196 + (t * (0.09678418 + (t * (-0.18628806 + (t * (0.27886807
            + (t * (-1.13520398 + (t * (1.48851587 + (t * (-0.82215223 + (t * 0.17087277)))))))))))))))));
        double tail = 0.5 * t * Math.Exp(power - (z * z));
        return x >= 0 ? 1 - tail : tail;
    }

    private sealed class Entry(Tensor clean, Tensor noisy, Tensor deviation, int[] thresholds, Tensor output) : TapeEntry(output)
    {
        private readonly Tensor _output = output;

        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(_output);
            Tensor toClean = Target(gradients, clean);
            Tensor toNoisy = Target(gradients, noisy);
            Tensor toDeviation = Target(gradients, deviation);
            for (int i = 0; i < thresholds.Length; i++)
            {
                double scale = deviation.Span[i];
                double x = ((double)clean.Span[i] - noisy.Span[thresholds[i]]) / scale;
                double slope = gradient.Span[i] * Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI) / scale;
                if (toClean.Exists)
                {
                    toClean.Span[i] += (float)slope;
                }

                if (toNoisy.Exists)
                {
                    toNoisy.Span[thresholds[i]] -= (float)slope;
                }

                if (toDeviation.Exists)
                {
                    toDeviation.Span[i] -= (float)(slope * x);
                }
            }
        }

        private static Tensor Target(Gradients gradients, Tensor input)
        {
            if (!Gradients.Flows(input))
            {
                return default;
            }

            Tensor target = gradients.Into(input, out bool accumulate);
            if (!accumulate)
            {
                target.Span.Clear();
            }

            return target;
        }
    }
}
