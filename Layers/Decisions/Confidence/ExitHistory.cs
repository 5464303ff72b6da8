using System;

namespace ManagedDyn.Layers.Decisions.Confidence;

/// <summary>What the exits that one sample has passed said, in short: the last label, and how many exits in a row agreed on it.</summary>
/// <param name="Label">The label of the last exit; −1 before the first.</param>
/// <param name="Agreement">How many exits in a row gave that label, the last included; 0 before the first.</param>
/// <param name="Exits">How many exits the sample has seen.</param>
public readonly record struct ExitHistory(int Label, int Agreement, int Exits)
{
    /// <summary>The history of a sample that has seen no exit.</summary>
    public static ExitHistory Empty { get; } = new(-1, 0, 0);

    /// <summary>How sure the gate of the last exit was of its answer, from 0 to 1; NaN where the exit has no gate.</summary>
    public float Certainty { get; init; } = float.NaN;

    /// <summary>The history after one more exit.</summary>
    /// <param name="probabilities">The exit's probabilities; the first of the largest is its label.</param>
    /// <param name="certainty">How sure its gate is; NaN without a gate.</param>
    public ExitHistory After(ReadOnlySpan<float> probabilities, float certainty = float.NaN)
    {
        int label = 0;
        for (int i = 1; i < probabilities.Length; i++)
        {
            if (probabilities[i] > probabilities[label])
            {
                label = i;
            }
        }

        return new ExitHistory(label, label == Label ? Agreement + 1 : 1, Exits + 1) { Certainty = certainty };
    }
}
