using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Attending;

/// <summary>
/// y = s · maxₖ (aₖ x + bₖ): the parameters are the slopes a₁ … a_K and then the intercepts b₁ … b_K. Of equal lines the first one counts.
/// </summary>
internal readonly struct LinesFunction : IChannelFunction
{
    public Vector<float> Value(Vector<float> x, Vector<float> weight, ReadOnlySpan<Vector<float>> parameters)
    {
        if (parameters.Length == 4)
        {
            // The usual two, without a loop.
            Vector<float> first = Vector.MultiplyAddEstimate(x, parameters[0], parameters[2]);
            Vector<float> second = Vector.MultiplyAddEstimate(x, parameters[1], parameters[3]);
            return Vector.ConditionalSelect(Vector.GreaterThan(second, first), second, first) * weight;
        }

        int lines = parameters.Length / 2;
        Vector<float> best = Vector.MultiplyAddEstimate(x, parameters[0], parameters[lines]);
        for (int k = 1; k < lines; k++)
        {
            Vector<float> value = Vector.MultiplyAddEstimate(x, parameters[k], parameters[lines + k]);

            // A comparison and not a maximum: NaN must stay NaN on every processor.
            best = Vector.ConditionalSelect(Vector.GreaterThan(value, best), value, best);
        }

        return best * weight;
    }

    public Vector<float> Gradient(
        Vector<float> x, Vector<float> weight, ReadOnlySpan<Vector<float>> parameters, Vector<float> gradient, Span<Vector<float>> sums, out Vector<float> weightGradient)
    {
        int lines = parameters.Length / 2;
        Vector<float> best = Vector.MultiplyAddEstimate(x, parameters[0], parameters[lines]);
        Vector<int> winner = Vector<int>.Zero;
        for (int k = 1; k < lines; k++)
        {
            Vector<float> value = Vector.MultiplyAddEstimate(x, parameters[k], parameters[lines + k]);
            Vector<int> greater = Vector.GreaterThan(value, best);
            best = Vector.ConditionalSelect(greater, value, best);
            winner = Vector.ConditionalSelect(greater, new Vector<int>(k), winner);
        }

        weightGradient = gradient * best;
        Vector<float> weighted = gradient * weight;
        Vector<float> result = Vector<float>.Zero;
        for (int k = 0; k < lines; k++)
        {
            Vector<float> share = Vector.ConditionalSelect(Vector.Equals(winner, new Vector<int>(k)), weighted, Vector<float>.Zero);
            sums[k] = Vector.MultiplyAddEstimate(share, x, sums[k]);
            sums[lines + k] += share;
            result = Vector.MultiplyAddEstimate(share, parameters[k], result);
        }

        return result;
    }

    public T Reference<T>(T x, T weight, ReadOnlySpan<T> parameters)
        where T : IFloatingPointIeee754<T>
    {
        int lines = parameters.Length / 2;
        T best = (parameters[0] * x) + parameters[lines];
        for (int k = 1; k < lines; k++)
        {
            T value = (parameters[k] * x) + parameters[lines + k];
            best = value > best ? value : best;
        }

        return best * weight;
    }
}
