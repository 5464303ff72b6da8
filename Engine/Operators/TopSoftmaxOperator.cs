using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Softmax over the selected logits of each row: the gates of a sparse mixture (Shazeer et al., ICLR 2017, equations 3 and 5).</summary>
public static class TopSoftmaxOperator
{
    /// <summary>p_c = exp(z_c) / Σ over selected k of exp(z_k) for selected c, and 0 elsewhere.</summary>
    /// <param name="context">The context.</param>
    /// <param name="logits">z, [N, classes].</param>
    /// <param name="kept">A row for each of N over the classes; none selected: a row of zeros. All: the softmax itself.</param>
    /// <returns>p, [N, classes].</returns>
    /// <exception cref="ArgumentException">The selection does not fit the logits.</exception>
    public static Tensor TopSoftmax(this Context context, Tensor logits, Selection kept)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (logits.Shape.Rank != 2 || (kept.Exists && (kept.Rows != logits.Shape[0] || kept.Universe != logits.Shape[1])))
        {
            throw new ArgumentException($"The selection {kept} was given for logits of shape {logits.Shape}; expected a row over the classes for each row.", nameof(kept));
        }

        if (kept.IsAll || kept.Count == logits.Count)
        {
            return context.Softmax(logits);
        }

        Tensor output = context.Workspace.RentZeros(logits.Shape);
        int classes = logits.Shape[1];
        for (int row = 0; row < kept.Rows; row++)
        {
            Forward(logits.Span.Slice(row * classes, classes), kept.Row(row), output.Span.Slice(row * classes, classes));
        }

        if (context.Records(logits))
        {
            context.Tape!.Record(new Entry(logits, kept, output));
        }

        return output;
    }

    private static void Forward(ReadOnlySpan<float> logits, ReadOnlySpan<int> kept, Span<float> output)
    {
        float largest = float.NegativeInfinity;
        foreach (int c in kept)
        {
            largest = MathF.Max(largest, logits[c]);
        }

        float sum = 0;
        foreach (int c in kept)
        {
            output[c] = MathF.Exp(logits[c] - largest);
            sum += output[c];
        }

        foreach (int c in kept)
        {
            output[c] /= sum;
        }
    }

    private sealed class Entry(Tensor logits, Selection kept, Tensor output) : TapeEntry(output)
    {
        private readonly Tensor _output = output;

        public override void Backward(Gradients gradients)
        {
            Tensor target = gradients.Into(logits, out bool accumulate);
            if (!accumulate)
            {
                target.Span.Clear();
            }

            int classes = logits.Shape[1];
            ReadOnlySpan<float> gradient = gradients.Of(_output).Span;
            ReadOnlySpan<float> values = _output.Span;
            for (int row = 0; row < kept.Rows; row++)
            {
                float mean = 0;
                foreach (int c in kept.Row(row))
                {
                    mean += gradient[(row * classes) + c] * values[(row * classes) + c];
                }

                foreach (int c in kept.Row(row))
                {
                    int place = (row * classes) + c;
                    target.Span[place] += values[place] * (gradient[place] - mean);
                }
            }
        }
    }
}
