using System;
using System.Collections.Generic;
using System.Globalization;
using System.Numerics.Tensors;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Mechanisms;
using Tensor = ManagedDyn.Engine.Tensors.Tensor;

namespace ManagedDyn.Layers.Inference;

/// <summary>What must hold for a network and its description to be a model.</summary>
internal static class ModelChecks
{
    /// <summary>The longest label or name, in UTF-16 characters.</summary>
    public const int LongestText = 1024;

    /// <summary>Refuses a description that does not fit.</summary>
    public static void CheckDescription(StagedNetwork network, ModelDescription description)
    {
        if (description.Criterion is LearnedExit && network.StageCount > 1 && !network.HasExitGates)
        {
            throw new ArgumentException($"The exits of {network.GetType().Name} have no gates, so the criterion \"{description.Criterion.Name}\" cannot tell when to leave; expected another criterion.", nameof(description));
        }

        int exits = network.StageCount;
        if (description.Labels.Count != 0 && description.Labels.Count != network.ClassCount)
        {
            throw new ArgumentException($"{description.Labels.Count} class labels were given; expected none or {network.ClassCount}.", nameof(description));
        }

        foreach (string label in description.Labels)
        {
            CheckText("class label", label);
        }

        if (description.Encoding is { } encoding && encoding.SampleShape != network.SampleShape)
        {
            throw new ArgumentException($"The encoding makes samples of shape {encoding.SampleShape}; the network takes {network.SampleShape}.", nameof(description));
        }

        if (!(description.LeastConfidence >= 0 && description.LeastConfidence <= 1))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The least confidence is {description.LeastConfidence}; expected 0 to 1."), nameof(description));
        }

        IReadOnlyList<float> temperatures = description.Temperatures;
        if (temperatures.Count != 0 && temperatures.Count != exits)
        {
            throw new ArgumentException($"{temperatures.Count} temperatures were given; expected none or {exits}, one for each exit.", nameof(description));
        }

        for (int exit = 0; exit < temperatures.Count; exit++)
        {
            if (!(temperatures[exit] > 0f && float.IsFinite(temperatures[exit])))
            {
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The temperature of exit {exit} is {temperatures[exit]}; expected a finite number above 0."), nameof(description));
            }
        }

        CheckPoints(description.Points, exits);
    }

    /// <summary>Refuses a parameter with a value that is NaN or infinite.</summary>
    public static void CheckFinite(string name, Tensor tensor)
    {
        ReadOnlySpan<float> values = tensor.Span;
        int index = FirstNonFinite(values);
        if (index >= 0)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Tensor {name} {tensor.Shape} holds {values[index]} at element {index}; expected finite numbers."), nameof(tensor));
        }
    }

    /// <summary>Where the first NaN or infinite value stands; −1: all are finite.</summary>
    public static int FirstNonFinite(ReadOnlySpan<float> values)
    {
        if (values.IsEmpty || TensorPrimitives.IsFiniteAll(values))
        {
            return -1;
        }

        int index = 0;
        while (float.IsFinite(values[index]))
        {
            index++;
        }

        return index;
    }

    private static void CheckPoints(IReadOnlyList<OperatingPoint> points, int exits)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (OperatingPoint point in points)
        {
            CheckText("name of an operating point", point.Name);
            if (point.Name.Length == 0 || !names.Add(point.Name))
            {
                throw new ArgumentException($"An operating point is named {FileText.Quote(point.Name)}; expected a name that is not empty and stands once.", nameof(points));
            }

            if (point.Thresholds.Count != exits - 1)
            {
                throw new ArgumentException($"Operating point {FileText.Quote(point.Name)} has {point.Thresholds.Count} thresholds; expected {exits - 1}, one for each exit but the last.", nameof(points));
            }

            if (point.MacsBudget < 0 || point.ExpectedAccuracy is < 0 or > 1 || point.ExpectedMacs < 0 || double.IsInfinity(point.ExpectedMacs))
            {
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Operating point {FileText.Quote(point.Name)} has a budget of {point.MacsBudget} MACs, accuracy {point.ExpectedAccuracy} and {point.ExpectedMacs} MACs; expected an accuracy from 0 to 1, and no negative and no infinite number."), nameof(points));
            }
        }
    }

    // A label is printed: it must not steer a terminal, and the file that holds it must be readable again.
    private static void CheckText(string what, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        bool control = false;
        foreach (char character in text)
        {
            control |= char.IsControl(character);
        }

        if (control || text.Length > LongestText)
        {
            throw new ArgumentException($"The {what} {FileText.Quote(text)} has {text.Length} characters; expected at most {LongestText}, none of them control characters.", nameof(text));
        }
    }
}
