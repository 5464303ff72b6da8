using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>
/// The steps that sequences of unequal lengths have, side by side in one batch: a selection with a row a sample over the steps of the longest. Layers that take
/// it leave the padding out, so that a padded sample gets the bits that it has alone, without padding.
/// </summary>
public static class SequenceLengths
{
    /// <summary>The identifier of padding, and the value of all features of a step that is padding.</summary>
    public const int Padding = 0;

    /// <summary>
    /// Steps up to the last one that is no padding: a token other than <see cref="Padding"/>, or features of which one is not 0; at least one step, so that an empty
    /// text is one token of padding.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="steps">Identifiers, [N, T], or features, [N, T, F] or more extents; padding within a sequence counts as a step.</param>
    /// <returns>A row a sample over T; everything when no sample is padded.</returns>
    /// <exception cref="ArgumentException">There is no extent of steps, or it is 0.</exception>
    public static Selection LengthsOf(this Context context, Tensor steps)
    {
        ArgumentNullException.ThrowIfNull(context);
        Shape shape = steps.Shape;
        if (shape.Rank < 2 || shape[1] < 1)
        {
            throw new ArgumentException($"The steps have shape {shape}; expected [N, T] or [N, T, features] with at least one step.", nameof(steps));
        }

        (int samples, int length) = (shape[0], shape[1]);
        int size = samples == 0 ? 0 : steps.Count / samples;
        int width = Math.Max(1, size / length);
        Tensor mask = context.Workspace.RentZeros(new Shape(samples, length));
        bool isFull = true;
        for (int n = 0; n < samples; n++)
        {
            int values = steps.Span.Slice(n * size, size).LastIndexOfAnyExcept((float)Padding) + 1;
            int count = (values + width - 1) / width;
            mask.Span.Slice(n * length, Math.Max(1, count)).Fill(1);
            isFull &= count == length;
        }

        Selection lengths = isFull ? Selection.All(samples, length) : context.Workspace.SelectAtLeast(samples, length, mask.Span, 0.5f);
        context.Workspace.Recycle(mask);
        return lengths;
    }
}
