using System;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>Judges answers.</summary>
internal static class Outcomes
{
    /// <summary>Whether the label's score is above all others.</summary>
    public static bool IsRight(ReadOnlySpan<float> scores, int label)
    {
        bool isRight = true;
        for (int k = 0; k < scores.Length; k++)
        {
            isRight &= k == label || scores[k] < scores[label];
        }

        return isRight;
    }
}
