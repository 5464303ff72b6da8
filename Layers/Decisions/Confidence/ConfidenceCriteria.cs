using System;

namespace ManagedDyn.Layers.Decisions.Confidence;

/// <summary>The criteria that can be found by name in a model file or on a command line.</summary>
public static class ConfidenceCriteria
{
    private static readonly ConfidenceCriterion[] Known = [new MaxProbability(), new Entropy(), new Margin(), new Patience(), new LearnedExit()];

    /// <summary>All criteria.</summary>
    public static ReadOnlySpan<ConfidenceCriterion> All => Known;

    /// <summary>Finds a criterion by its name.</summary>
    /// <param name="name">Such as "max-probability".</param>
    /// <exception cref="ArgumentException">There is none of that name; the message lists those there are.</exception>
    public static ConfidenceCriterion Find(string name)
    {
        foreach (ConfidenceCriterion criterion in Known)
        {
            if (string.Equals(criterion.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return criterion;
            }
        }

        string[] names = Array.ConvertAll(Known, criterion => criterion.Name);
        throw new ArgumentException($"There is no confidence criterion \"{name}\"; expected one of {string.Join(", ", names)}.", nameof(name));
    }
}
