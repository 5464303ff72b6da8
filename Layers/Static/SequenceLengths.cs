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
    /// <summary>The identifier of padding.</summary>
    public const int Padding = 0;

    /// <summary>Steps up to the last token that is no padding; at least one, so that an empty text is one token of padding.</summary>
    /// <param name="context">The context.</param>
    /// <param name="tokens">Identifiers, [N, T]; padding within a text counts as a token.</param>
    /// <returns>A row a sample over T; everything when no sample is padded.</returns>
    /// <exception cref="ArgumentException">The tokens are no [N, T], or T is 0.</exception>
    public static Selection LengthsOf(this Context context, Tensor tokens)
    {
        ArgumentNullException.ThrowIfNull(context);
        Shape shape = tokens.Shape;
        if (shape.Rank != 2 || shape[1] < 1)
        {
            throw new ArgumentException($"The tokens have shape {shape}; expected [N, T] with at least one step.", nameof(tokens));
        }

        (int samples, int length) = (shape[0], shape[1]);
        Tensor mask = context.Workspace.RentZeros(shape);
        bool isFull = true;
        for (int n = 0; n < samples; n++)
        {
            int count = tokens.Span.Slice(n * length, length).LastIndexOfAnyExcept((float)Padding) + 1;
            mask.Span.Slice(n * length, Math.Max(1, count)).Fill(1);
            isFull &= count == length;
        }

        Selection steps = isFull ? Selection.All(samples, length) : context.Workspace.SelectAtLeast(samples, length, mask.Span, 0.5f);
        context.Workspace.Recycle(mask);
        return steps;
    }
}
