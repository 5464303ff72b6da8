using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Tool.Explanations;

/// <summary>Which steps of a sequence were read.</summary>
/// <param name="IsRead">For each step that the sequence has, whether it was.</param>
/// <param name="StepSeconds">The time from a step to the next; 0: steps are no times.</param>
public sealed record StepUse(bool[] IsRead, double StepSeconds)
{
    /// <summary>The time that the whole input lasts, of which a model takes the beginning; 0: no longer than its steps.</summary>
    public double WholeSeconds { get; init; }

    /// <summary>How many were read.</summary>
    public int Count
    {
        get
        {
            int count = 0;
            foreach (bool isRead in IsRead)
            {
                count += isRead ? 1 : 0;
            }

            return count;
        }
    }

    /// <summary>The steps that were read, from 0.</summary>
    public IReadOnlyList<double> Numbers
    {
        get
        {
            List<double> numbers = [];
            for (int i = 0; i < IsRead.Length; i++)
            {
                if (IsRead[i])
                {
                    numbers.Add(i);
                }
            }

            return numbers;
        }
    }

    /// <summary>"######......  6 of 12 steps read, 0.10 of 0.19 s".</summary>
    public string Text
    {
        get
        {
            StringBuilder text = new();
            foreach (bool isRead in IsRead)
            {
                text.Append(isRead ? '#' : '.');
            }

            text.Append(CultureInfo.InvariantCulture, $"  {Count} of {IsRead.Length} steps read");
            return StepSeconds > 0
                ? text.Append(CultureInfo.InvariantCulture, $", {Count * StepSeconds:F2} of {Math.Max(IsRead.Length * StepSeconds, WholeSeconds):F2} s").ToString()
                : text.ToString();
        }
    }

    /// <summary>What decisions about the steps of a sequence say; where none is about them, all steps were read.</summary>
    /// <param name="steps">The steps that the sequence has.</param>
    /// <param name="room">The steps that the model takes at most.</param>
    /// <param name="stepSeconds">The time from a step to the next.</param>
    /// <param name="decisions">What was decided.</param>
    public static StepUse Of(int steps, int room, double stepSeconds, IReadOnlyList<DecisionLine> decisions)
    {
        bool[] isRead = new bool[steps];
        bool isTold = false;
        foreach (DecisionLine line in decisions)
        {
            if (line.Kind != DecisionKind.Steps || line.Units != room)
            {
                continue;
            }

            isTold = true;
            foreach (int step in line.Chosen)
            {
                if (step < steps)
                {
                    isRead[step] = true;
                }
            }
        }

        if (!isTold)
        {
            Array.Fill(isRead, true);
        }

        return new StepUse(isRead, stepSeconds);
    }
}
