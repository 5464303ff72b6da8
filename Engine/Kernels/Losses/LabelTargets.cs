using System;

namespace ManagedDyn.Engine.Kernels.Losses;

/// <summary>Turns labels into rows of targets.</summary>
public static class LabelTargets
{
    /// <summary>t_nc = u_n ((1 − ε) w_y [c = y_n] + ε w_c / C); zeros for an ignored row.</summary>
    /// <param name="labels">y, one a row.</param>
    /// <param name="classes">C.</param>
    /// <param name="smoothing">ε.</param>
    /// <param name="rowWeights">u; empty: 1.</param>
    /// <param name="classWeights">w; empty: 1.</param>
    /// <param name="ignoredLabel">The label of rows that do not count.</param>
    /// <param name="targets">t, [rows, C].</param>
    /// <returns>Σ_n u_n w_y over the rows that count: what a mean divides by.</returns>
    public static double Fill(
        ReadOnlySpan<int> labels, int classes, float smoothing, ReadOnlySpan<float> rowWeights, ReadOnlySpan<float> classWeights,
        int? ignoredLabel, Span<float> targets)
    {
        double total = 0;
        for (int row = 0; row < labels.Length; row++)
        {
            Span<float> target = targets.Slice(row * classes, classes);
            int label = labels[row];
            if (label == ignoredLabel)
            {
                target.Clear();
                continue;
            }

            float weight = rowWeights.IsEmpty ? 1f : rowWeights[row];
            float even = weight * smoothing / classes;
            if (classWeights.IsEmpty)
            {
                target.Fill(even);
            }
            else
            {
                for (int c = 0; c < classes; c++)
                {
                    target[c] = even * classWeights[c];
                }
            }

            float own = weight * (classWeights.IsEmpty ? 1f : classWeights[label]);
            target[label] += (1f - smoothing) * own;
            total += own;
        }

        return total;
    }
}
