using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace ManagedDyn.Layers.Static;

/// <summary>A file's tensors do not fit what they are loaded into. Every mismatch is listed; nothing was loaded.</summary>
public sealed class StateMismatchException : Exception
{
    // A wrong file mismatches in every tensor; the message stays readable and the list stays whole.
    private const int MostShown = 24;

    /// <summary>Makes the exception.</summary>
    public StateMismatchException()
        : this([])
    {
    }

    /// <summary>Makes the exception with its message.</summary>
    /// <param name="message">What does not fit.</param>
    public StateMismatchException(string message)
        : base(message) => Mismatches = [message];

    /// <summary>Makes the exception with its message and cause.</summary>
    /// <param name="message">What does not fit.</param>
    /// <param name="innerException">The cause.</param>
    public StateMismatchException(string message, Exception innerException)
        : base(message, innerException) => Mismatches = [message];

    /// <summary>Makes the exception from all mismatches.</summary>
    /// <param name="mismatches">One sentence part each, such as "fc.weight is missing; expected [10, 64]".</param>
    public StateMismatchException(IReadOnlyList<string> mismatches)
        : base(Summary(mismatches)) => Mismatches = mismatches;

    /// <summary>All mismatches.</summary>
    public IReadOnlyList<string> Mismatches { get; }

    private static string Summary(IReadOnlyList<string> mismatches)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{mismatches.Count} {(mismatches.Count == 1 ? "mismatch" : "mismatches")}, nothing was loaded: ");
        for (int i = 0; i < Math.Min(mismatches.Count, MostShown); i++)
        {
            text.Append(i == 0 ? string.Empty : "; ").Append(mismatches[i]);
        }

        if (mismatches.Count > MostShown)
        {
            text.Append(CultureInfo.InvariantCulture, $"; and {mismatches.Count - MostShown} more");
        }

        return text.Append('.').ToString();
    }
}
