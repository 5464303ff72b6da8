using System;
using System.Globalization;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Layers.Models;

/// <summary>Checks that options of architectures share.</summary>
internal static class OptionsCheck
{
    /// <summary>Refuses an integer out of its range.</summary>
    public static void Range(int value, int least, int most, string name)
    {
        if (value < least || value > most)
        {
            throw new ArgumentException($"{name} is {value}; expected {(least == most ? $"{least}" : $"{least} to {most}")}.");
        }
    }

    /// <summary>Refuses integers out of their range.</summary>
    public static void RangeAll(ReadOnlySpan<int> values, int least, int most, string name)
    {
        foreach (int value in values)
        {
            Range(value, least, most, name);
        }
    }

    /// <summary>Refuses a number out of its range, and what is no number.</summary>
    public static void Range(double value, double least, double most, string name)
    {
        if (!(value >= least && value <= most))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; expected {least} to {most}."));
        }
    }

    /// <summary>Reads one of several words.</summary>
    /// <returns>Its place among them.</returns>
    public static int Choice(OptionsReader reader, string name, string[] words)
    {
        string word = reader.Text(name, 64);
        int place = Array.IndexOf(words, word);
        return place >= 0 ? place : throw new ModelFormatException(name, -1, FileText.Quote(word), string.Join(" or ", words));
    }

    /// <summary>Turns what a check of options from a file refuses into an error of the file.</summary>
    public static void Sound(Action check, string part)
    {
        try
        {
            check();
        }
        catch (ArgumentException exception)
        {
            throw new ModelFormatException(part, -1, exception.Message, "sizes that make a network");
        }
    }
}
