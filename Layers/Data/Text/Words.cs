using System;

namespace ManagedDyn.Layers.Data.Text;

/// <summary>The words of a text: runs of letters, digits and apostrophes; every other character that is no space stands by itself.</summary>
internal ref struct Words(ReadOnlySpan<char> text)
{
    private ReadOnlySpan<char> _rest = text;

    public ReadOnlySpan<char> Current { get; private set; }

    public readonly Words GetEnumerator() => this;

    public bool MoveNext()
    {
        int start = 0;
        while (start < _rest.Length && char.IsWhiteSpace(_rest[start]))
        {
            start++;
        }

        if (start == _rest.Length)
        {
            _rest = default;
            return false;
        }

        int end = start;
        while (end < _rest.Length && IsOfWord(_rest[end]))
        {
            end++;
        }

        if (end == start)
        {
            // Both halves of a character outside the basic plane stay together.
            end += char.IsHighSurrogate(_rest[start]) && start + 1 < _rest.Length && char.IsLowSurrogate(_rest[start + 1]) ? 2 : 1;
        }

        Current = _rest[start..end];
        _rest = _rest[end..];
        return true;
    }

    private static bool IsOfWord(char character) => char.IsLetterOrDigit(character) || character == '\'';
}
