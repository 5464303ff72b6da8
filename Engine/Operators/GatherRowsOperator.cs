using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Gathering;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Takes rows (entries of the first dimension) by a list that may repeat and be in any order: y[i] = x[indices[i]]. The gradients of a row taken
/// several times are added in the order of the list.
/// </summary>
public static class GatherRowsOperator
{
    /// <summary>Rows by their numbers.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[R, …].</param>
    /// <param name="indices">Row numbers below R.</param>
    /// <returns>[indices, …].</returns>
    /// <exception cref="ArgumentException">The input has no rows, or an index names none of them.</exception>
    public static Tensor GatherRows(this Context context, Tensor input, ReadOnlySpan<int> indices)
    {
        if (input.Shape.Rank == 0)
        {
            throw new ArgumentException("A tensor of rank 0 has no rows to take.", nameof(input));
        }

        foreach (int index in indices)
        {
            if ((uint)index >= (uint)input.Shape[0])
            {
                throw new ArgumentException($"Row {index} was asked of shape {input.Shape}; expected 0 to {input.Shape[0] - 1}.", nameof(indices));
            }
        }

        Tensor output = context.Workspace.Rent(input.Shape.With(0, indices.Length));
        RowMove.Gather(input.Span, input.Shape.ProductFrom(1), indices, output.Span, add: false);
        if (context.Records(input))
        {
            context.Tape!.Record(new Entry(input, indices.ToArray(), output));
        }

        return output;
    }

    /// <summary>Looks up a vector for each identifier.</summary>
    /// <param name="context">The context.</param>
    /// <param name="weight">[vocabulary, width].</param>
    /// <param name="identifiers">Numbers below the vocabulary's size, row-major.</param>
    /// <param name="shape">The identifiers' shape, such as [N, length].</param>
    /// <returns>[…, width], the identifiers' shape before the width.</returns>
    /// <exception cref="ArgumentException">The weight is no matrix, an identifier is out of range, or their number differs from the shape's.</exception>
    public static Tensor Embedding(this Context context, Tensor weight, ReadOnlySpan<int> identifiers, Shape shape)
    {
        if (weight.Shape.Rank != 2)
        {
            throw new ArgumentException($"The embedding's weight has shape {weight.Shape}; expected [vocabulary, width].", nameof(weight));
        }

        if (identifiers.Length != shape.Count)
        {
            throw new ArgumentException($"{identifiers.Length} identifiers were given for shape {shape}; expected {shape.Count}.", nameof(identifiers));
        }

        Span<int> extents = stackalloc int[Shape.MaximumRank + 1];
        shape.CopyTo(extents);
        extents[shape.Rank] = weight.Shape[1];
        Shape output = new(extents[..(shape.Rank + 1)]);
        return context.GatherRows(weight, identifiers).Reshape(output);
    }

    /// <summary>A row for each label that is 1 at the label and 0 elsewhere.</summary>
    /// <param name="context">The context.</param>
    /// <param name="labels">Numbers below the number of classes.</param>
    /// <param name="classes">The number of classes.</param>
    /// <returns>[labels, classes]; no gradient flows into it.</returns>
    /// <exception cref="ArgumentException">A label names no class.</exception>
    public static Tensor OneHot(this Context context, ReadOnlySpan<int> labels, int classes)
    {
        foreach (int label in labels)
        {
            if ((uint)label >= (uint)classes)
            {
                throw new ArgumentException($"Label {label} was found; expected 0 to {classes - 1}.", nameof(labels));
            }
        }

        Tensor output = context.Workspace.RentZeros(new Shape(labels.Length, classes));
        Span<float> rows = output.Span;
        for (int i = 0; i < labels.Length; i++)
        {
            rows[(i * classes) + labels[i]] = 1f;
        }

        return output;
    }

    private sealed class Entry(Tensor input, int[] indices, Tensor output) : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(output);
            Tensor target = gradients.Into(input, out bool accumulate);
            if (!accumulate)
            {
                target.Span.Clear();
            }

            RowMove.Scatter(gradient.Span, input.Shape.ProductFrom(1), indices, target.Span, add: true);
        }
    }
}
