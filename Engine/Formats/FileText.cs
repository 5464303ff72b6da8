using System;
using System.Globalization;
using System.Text;

namespace ManagedDyn.Engine.Formats;

/// <summary>Makes text that comes from a file fit to be shown in a message.</summary>
public static class FileText
{
    private const int MaximumShown = 80;

    /// <summary>
    /// Quotes a name: control and other invisible characters, which could forge lines or steer a terminal, are written as \u and four hexadecimal digits, and a
    /// long name is cut.
    /// </summary>
    /// <param name="text">The text as found.</param>
    public static string Quote(ReadOnlySpan<char> text)
    {
        StringBuilder quoted = new("'");
        foreach (char character in text[..Math.Min(text.Length, MaximumShown)])
        {
            UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory(character);
            bool shown = category is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
            if (shown)
            {
                quoted.Append(character);
            }
            else
            {
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
            }
        }

        if (text.Length > MaximumShown)
        {
            quoted.Append(CultureInfo.InvariantCulture, $"… ({text.Length} characters)");
        }

        return quoted.Append('\'').ToString();
    }

    /// <summary>Quotes bytes that should be text, as far as they are ASCII.</summary>
    /// <param name="text">The bytes as found.</param>
    public static string Quote(ReadOnlySpan<byte> text)
    {
        Span<char> characters = stackalloc char[Math.Min(text.Length, MaximumShown + 1)];
        for (int i = 0; i < characters.Length; i++)
        {
            characters[i] = (char)text[i];
        }

        return Quote(characters);
    }
}
