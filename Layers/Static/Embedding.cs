using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>
/// A trained vector for each token: identifiers [N, T] to [N, T, width]. Identifiers travel as floats, which hold whole numbers up to 2²⁴ exactly, so that text
/// goes through the same batches and sessions as everything else.
/// </summary>
public sealed class Embedding : Layer
{
    /// <summary>The largest vocabulary: every identifier must be a float exactly.</summary>
    public const int LargestVocabulary = 1 << 24;

    private readonly int _padding;
    private readonly int _unknown;

    /// <summary>Makes a layer.</summary>
    /// <param name="vocabulary">The number of identifiers.</param>
    /// <param name="width">Elements of a vector.</param>
    /// <param name="padding">The identifier whose vector is zero and stays so; −1: none.</param>
    /// <param name="unknown">The identifier that stands for values that are none; −1: they are refused.</param>
    public Embedding(int vocabulary, int width, int padding = -1, int unknown = -1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabulary, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(vocabulary, LargestVocabulary);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(padding, vocabulary);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(unknown, vocabulary);
        _padding = padding;
        _unknown = unknown;
        Weight = AddParameter("weight", new Shape(vocabulary, width));
    }

    /// <summary>[vocabulary, width].</summary>
    public Parameter Weight { get; }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => input.Rank == 2
        ? new Shape(input[0], input[1], Weight.Shape[1])
        : throw new ArgumentException($"The identifiers have shape {input}; expected [N, length].", nameof(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => 0;

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        // PyTorch draws from N(0, 1); vectors of about unit length suit recurrent layers and attention better.
        Initializers.Normal(Weight, random, 1f / MathF.Sqrt(Weight.Shape[1]));
        if (_padding >= 0)
        {
            Weight.Value.Rows(_padding, 1).Span.Clear();
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A value is no identifier of the vocabulary, and none is named for such values.</exception>
    protected override Tensor Run(Context context, Tensor input)
    {
        Shape shape = OutputShape(input.Shape);
        ReadOnlySpan<float> values = input.Span;
        if (context.Records(Weight.Value))
        {
            int[] identifiers = new int[values.Length];
            for (int i = 0; i < values.Length; i++)
            {
                identifiers[i] = IdentifierOf(values[i], i);
            }

            Tensor looked = context.Embedding(Weight.Value, identifiers, input.Shape);
            return _padding < 0 ? looked : context.Multiply(looked, NoPadding(context, identifiers, input.Shape));
        }

        Tensor output = context.Workspace.Rent(shape);
        int width = shape[2];
        ReadOnlySpan<float> weight = Weight.Value.Span;
        for (int i = 0; i < values.Length; i++)
        {
            int identifier = IdentifierOf(values[i], i);
            Span<float> to = output.Span.Slice(i * width, width);
            if (identifier == _padding)
            {
                to.Clear();
            }
            else
            {
                weight.Slice(identifier * width, width).CopyTo(to);
            }
        }

        return output;
    }

    private Tensor NoPadding(Context context, ReadOnlySpan<int> identifiers, Shape shape)
    {
        Tensor mask = context.Workspace.Rent(new Shape(shape[0], shape[1], 1));
        for (int i = 0; i < identifiers.Length; i++)
        {
            mask.Span[i] = identifiers[i] == _padding ? 0 : 1;
        }

        return mask;
    }

    private int IdentifierOf(float value, int place)
    {
        if (value >= 0 && value < Weight.Shape[0] && value == MathF.Truncate(value))
        {
            return (int)value;
        }

        return _unknown >= 0
            ? _unknown
            : throw new ArgumentException($"Token {place} of the batch is {value}; expected a whole number from 0 to {Weight.Shape[0] - 1}.", nameof(value));
    }
}
