using System;
using System.Collections.Generic;

namespace ManagedDyn.Tool.CommandLine;

/// <summary>Finds the known word nearest to a misspelt one.</summary>
public static class Suggestion
{
    /// <summary>The nearest candidate, when it is near enough to be meant; else null.</summary>
    public static string? Nearest(string word, IEnumerable<string> candidates)
    {
        ArgumentNullException.ThrowIfNull(word);
        ArgumentNullException.ThrowIfNull(candidates);
        string? nearest = null;
        int best = Math.Max(2, word.Length / 3) + 1;
        foreach (string candidate in candidates)
        {
            bool begins = word.Trim('-').Length >= 3 && candidate.StartsWith(word, StringComparison.OrdinalIgnoreCase);
            int distance = begins ? 1 : Distance(word, candidate);
            if (distance < best)
            {
                best = distance;
                nearest = candidate;
            }
        }

        return nearest;
    }

    /// <summary>Edits from one word to the other: insert, delete, replace a letter, or swap two neighbours.</summary>
    public static int Distance(string from, string to)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        int[,] edits = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++)
        {
            for (int j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    edits[i, j] = i + j;
                    continue;
                }

                int replace = char.ToLowerInvariant(from[i - 1]) == char.ToLowerInvariant(to[j - 1]) ? 0 : 1;
                edits[i, j] = Math.Min(Math.Min(edits[i - 1, j] + 1, edits[i, j - 1] + 1), edits[i - 1, j - 1] + replace);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                {
                    edits[i, j] = Math.Min(edits[i, j], edits[i - 2, j - 2] + 1);
                }
            }
        }

        return edits[from.Length, to.Length];
    }
}
