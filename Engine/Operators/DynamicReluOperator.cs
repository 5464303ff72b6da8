using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Attending;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>The largest of some lines, whose slopes and intercepts belong to each sample and channel (Chen et al., "Dynamic ReLU", ECCV 2020).</summary>
public static class DynamicReluOperator
{
    /// <summary>y = s · maxₖ (aₖ x + bₖ). No MACs are counted.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, …, C].</param>
    /// <param name="lines">[N, 2K, C]: the slopes a₁ … a_K and then the intercepts b₁ … b_K of each channel; K at most 8.</param>
    /// <param name="pixels">s, [N, …, 1]; no tensor: 1.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor MaximumOfLines(this Context context, Tensor input, Tensor lines, Tensor pixels = default)
    {
        if (lines.Shape.Rank != 3 || lines.Shape[1] < 2 || lines.Shape[1] % 2 != 0)
        {
            throw new ArgumentException($"The lines have shape {lines.Shape}; expected [N, 2K, channels].", nameof(lines));
        }

        return ChannelMapOperator.Run(context, default(LinesFunction), input, new ChannelOperands(lines), pixels);
    }

    /// <summary>
    /// Turns what a network says into lines: aₖ = (1 for k = 1, else 0) + λₐ · θ and bₖ = λ_b · θ, where the network's θ are ordered by channel, slopes
    /// first: [N, C · 2K], or [N, 2K] for lines that all channels share.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="theta">θ, usually within ±1.</param>
    /// <param name="channels">C.</param>
    /// <param name="count">K.</param>
    /// <param name="slopeRange">λₐ.</param>
    /// <param name="interceptRange">λ_b.</param>
    /// <returns>[N, 2K, C].</returns>
    /// <exception cref="ArgumentException">There are neither 2K nor C · 2K numbers a sample.</exception>
    public static Tensor LinesOf(this Context context, Tensor theta, int channels, int count, float slopeRange = 1f, float interceptRange = 0.5f)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        int rows = 2 * count;
        if (theta.Shape.Rank != 2 || (theta.Shape[1] != rows && theta.Shape[1] != (long)rows * channels))
        {
            throw new ArgumentException($"The network's answer has shape {theta.Shape}; expected [N, {rows}] or [N, {(long)rows * channels}].", nameof(theta));
        }

        Tensor output = context.Workspace.Rent(new Shape(theta.Shape[0], rows, channels));
        int stride = theta.Shape[1] == rows ? 0 : rows;
        for (int sample = 0; sample < theta.Shape[0]; sample++)
        {
            ReadOnlySpan<float> source = theta.Rows(sample, 1).Span;
            Span<float> target = output.Rows(sample, 1).Span;
            for (int row = 0; row < rows; row++)
            {
                float range = row < count ? slopeRange : interceptRange;
                float middle = row == 0 ? 1f : 0f;
                for (int c = 0; c < channels; c++)
                {
                    target[(row * channels) + c] = middle + (range * source[(c * stride) + row]);
                }
            }
        }

        if (context.Records(theta))
        {
            context.Tape!.Record(new Entry(theta, output, count, stride, slopeRange, interceptRange));
        }

        return output;
    }

    private sealed class Entry(Tensor theta, Tensor output, int count, int stride, float slopeRange, float interceptRange) : TapeEntry(output)
    {
        private readonly Tensor _output = output;

        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(_output);
            Tensor target = gradients.Into(theta, out bool accumulate);
            if (!accumulate)
            {
                target.Span.Clear();
            }

            int channels = _output.Shape[2];
            for (int sample = 0; sample < theta.Shape[0]; sample++)
            {
                ReadOnlySpan<float> source = gradient.Rows(sample, 1).Span;
                Span<float> sums = target.Rows(sample, 1).Span;
                for (int row = 0; row < 2 * count; row++)
                {
                    float range = row < count ? slopeRange : interceptRange;
                    for (int c = 0; c < channels; c++)
                    {
                        sums[(c * stride) + row] += range * source[(row * channels) + c];
                    }
                }
            }
        }
    }
}
