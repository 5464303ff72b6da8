using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.InstanceWise.DynamicWidth;

/// <summary>Terms of the loss that keep experts equally busy.</summary>
public static class ExpertBalance
{
    // Keeps the quotient finite when no expert gets anything.
    private const float LeastSquare = 1e-10f;

    /// <summary>
    /// The squared coefficient of variation of what experts get: CV² = variance / mean² of Σ_n v[n, e] over e, with the unbiased variance (Shazeer et al., ICLR
    /// 2017, equations 6, 7 and 11).
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="values">Gates (importance) or probabilities of being chosen (load), [N, experts], at least two experts.</param>
    /// <returns>[1].</returns>
    public static Tensor SquaredVariation(Context context, Tensor values)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (values.Shape.Rank != 2 || values.Shape[1] < 2)
        {
            throw new ArgumentException($"The variation among experts was asked of shape {values.Shape}; expected [N, experts] with at least 2 experts.", nameof(values));
        }

        Tensor sums = context.Sum(values, 0);
        Tensor variance = context.Variance(sums, 0, 1, correction: 1);
        Tensor square = context.Offset(context.Square(context.Mean(sums, 0)), LeastSquare);
        return context.Divide(variance, square).Reshape(new Shape(1));
    }

    /// <summary>
    /// E·Σ_e f_e·P_e with f_e the share of samples sent to e, through which no gradient flows, and P_e the mean probability of e: 1 when all are equally
    /// busy (Fedus et al., JMLR 2022, equation 4, without its factor α).
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="probabilities">[N, experts].</param>
    /// <param name="chosen">A row for each of N over the experts.</param>
    /// <returns>[1].</returns>
    public static Tensor Switch(Context context, Tensor probabilities, Selection chosen)
    {
        ArgumentNullException.ThrowIfNull(context);
        int experts = probabilities.Shape[1];
        Tensor shares = context.Workspace.RentZeros(new Shape(experts));
        float each = (float)experts / Math.Max(1, probabilities.Shape[0]);
        for (int row = 0; row < chosen.Rows; row++)
        {
            foreach (int expert in chosen.Row(row))
            {
                shares.Span[expert] += each;
            }
        }

        return context.Sum(context.Multiply(context.Mean(probabilities, 0), shares)).Reshape(new Shape(1));
    }
}
