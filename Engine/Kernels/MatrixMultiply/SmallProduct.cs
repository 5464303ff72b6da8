using System;

namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>
/// Products so small that setting up the blocked ones would take longer: a gate's few units for one sample. Each output is the same chain of
/// multiply-adds, inputs ascending from zero and the bias last, so the bits are those of the blocked product.
/// </summary>
public static class SmallProduct
{
    /// <summary>The most multiply-adds that this is meant for: beyond, the blocked product is faster.</summary>
    public const int MostMacs = 4096;

    /// <summary>output[n, o] = Σ over i of input[n, i] · weight[o, i], + bias[o].</summary>
    /// <param name="input">[rows, inputs].</param>
    /// <param name="weight">[outputs, inputs].</param>
    /// <param name="bias">[outputs]; empty: none.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="output">[rows, outputs].</param>
    /// <param name="outputs">Outputs of a row.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Linear(ReadOnlySpan<float> input, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, int rows, int outputs, Span<float> output)
    {
        int inputs = rows == 0 ? 0 : input.Length / rows;
        if (rows < 0 || outputs < 0 || (long)rows * inputs != input.Length || (rows > 0 && (long)outputs * inputs != weight.Length)
            || (long)rows * outputs != output.Length || (!bias.IsEmpty && bias.Length != outputs))
        {
            throw new ArgumentException($"A product of {rows} rows was asked of {input.Length} inputs, {weight.Length} weights and {bias.Length} biases for {output.Length} outputs, {outputs} a row.");
        }

        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> own = input.Slice(row * inputs, inputs);
            Span<float> target = output.Slice(row * outputs, outputs);
            int o = 0;

            // Four chains at a time: one alone waits for each of its sums.
            for (; o <= outputs - 4; o += 4)
            {
                ReadOnlySpan<float> w0 = weight.Slice(o * inputs, own.Length);
                ReadOnlySpan<float> w1 = weight.Slice((o + 1) * inputs, own.Length);
                ReadOnlySpan<float> w2 = weight.Slice((o + 2) * inputs, own.Length);
                ReadOnlySpan<float> w3 = weight.Slice((o + 3) * inputs, own.Length);
                float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
                for (int i = 0; i < own.Length; i++)
                {
                    s0 = float.MultiplyAddEstimate(own[i], w0[i], s0);
                    s1 = float.MultiplyAddEstimate(own[i], w1[i], s1);
                    s2 = float.MultiplyAddEstimate(own[i], w2[i], s2);
                    s3 = float.MultiplyAddEstimate(own[i], w3[i], s3);
                }

                target[o] = s0;
                target[o + 1] = s1;
                target[o + 2] = s2;
                target[o + 3] = s3;
            }

            for (; o < outputs; o++)
            {
                ReadOnlySpan<float> w = weight.Slice(o * inputs, own.Length);
                float sum = 0;
                for (int i = 0; i < own.Length; i++)
                {
                    sum = float.MultiplyAddEstimate(own[i], w[i], sum);
                }

                target[o] = sum;
            }

            for (o = 0; o < bias.Length; o++)
            {
                target[o] += bias[o];
            }
        }
    }
}
