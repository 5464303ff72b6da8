using System;
using System.Text;

namespace ManagedDyn.Tool.Output;

/// <summary>
/// Text from files and arguments, made fit for a terminal: control characters (which could move the cursor, recolour or rename the
/// window), line breaks and marks that reverse the reading direction become a visible mark.
/// </summary>
public static class SafeText
{
    private const char Mark = '\uFFFD';

    public static string Clean(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach (char c in text)
        {
            if (IsUnsafe(c))
            {
                return Replace(text);
            }
        }

        return text;
    }

    private static string Replace(string text)
    {
        StringBuilder clean = new(text.Length);
        foreach (char c in text)
        {
            clean.Append(c is '\n' or '\t' ? ' ' : IsUnsafe(c) ? Mark : c);
        }

        return clean.ToString();
    }

    private static bool IsUnsafe(char c)
        => char.IsControl(c) || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u2028' or '\u2029' or '\uFEFF';
}
