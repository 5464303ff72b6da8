using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace ManagedDyn.Tool.Files;

/// <summary>A name for one output of each input: "maps/out.png", then "maps/out-2.png" and so on.</summary>
internal static class NumberedFile
{
    /// <summary>The name of an output.</summary>
    /// <param name="path">The name of the first.</param>
    /// <param name="index">Which one, from 0.</param>
    public static string NameOf(string path, int index) => index == 0
        ? path
        : Path.Combine(
            Path.GetDirectoryName(path) ?? string.Empty,
            string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(path)}-{index + 1}{Path.GetExtension(path)}"));

    /// <summary>Fails if one of the outputs would be written over one of the files that are read.</summary>
    /// <param name="path">The name of the first output; null: there are none.</param>
    /// <param name="inputs">The files that are read, without folders.</param>
    public static void CheckApart(string? path, IReadOnlyList<string> inputs)
    {
        if (path is null)
        {
            return;
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? string.Empty;
        string start = Path.GetFileNameWithoutExtension(path) + "-";
        foreach (string input in inputs)
        {
            string name = Path.GetFileNameWithoutExtension(input);
            if (name.StartsWith(start, StringComparison.Ordinal) && Path.GetExtension(input) == Path.GetExtension(path) && IsLaterNumber(name.AsSpan(start.Length))
                && Path.GetDirectoryName(Path.GetFullPath(input)) == folder)
            {
                throw ToolException.Usage($"'{input}' is read, and '{path}' with a number behind it may be written over it; give the output another name or folder");
            }
        }
    }

    private static bool IsLaterNumber(ReadOnlySpan<char> text)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 1 && text[0] != '0';
}
