using System;
using System.Globalization;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Checks of what losses are given.</summary>
internal static class LossCheck
{
    /// <summary>Checks that there are rows of at least one class.</summary>
    public static void Rows(Tensor input, string name)
    {
        if (input.Shape.Rank == 0 || input.Shape[-1] == 0)
        {
            throw new ArgumentException($"The operand has shape {input.Shape}; expected […, classes].", name);
        }
    }

    /// <summary>Checks that two operands have one shape.</summary>
    public static void Same(Tensor expected, Tensor found, string name)
    {
        if (expected.Shape != found.Shape)
        {
            throw new ArgumentException($"The operand has shape {found.Shape}; expected {expected.Shape}.", name);
        }
    }

    /// <summary>Checks that a temperature is above 0.</summary>
    public static void Temperature(float temperature)
    {
        if (!(temperature > 0f && float.IsFinite(temperature)))
        {
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "The temperature must be above 0.");
        }
    }

    /// <summary>Checks that all values are finite, as targets and weights must be.</summary>
    public static void Finite(ReadOnlySpan<float> values, string what)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The {what} at {i} is {values[i]}; expected a finite number."));
            }
        }
    }

    /// <summary>Checks that all values are in a range.</summary>
    public static void Within(ReadOnlySpan<float> values, float low, float high, string what)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!(values[i] >= low && values[i] <= high))
            {
                throw new ArgumentException(string.Create(
                    CultureInfo.InvariantCulture, $"The {what} at {i} is {values[i]}; expected {low} to {high}."));
            }
        }
    }

    /// <summary>The shape without its last dimension; [1] for a single row.</summary>
    public static Shape RowShape(Shape logits)
    {
        Span<int> extents = stackalloc int[Shape.MaximumRank];
        logits.CopyTo(extents);
        return logits.Rank == 1 ? new Shape(1) : new Shape(extents[..(logits.Rank - 1)]);
    }
}
