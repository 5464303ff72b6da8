using System;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace ManagedDyn.Tool.CommandLine;

/// <summary>Makes options that say in one line what was found and what was expected.</summary>
public static class Options
{
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description, Arity = ArgumentArity.Zero };

    public static Option<string?> Text(string name, string valueName, string description)
        => new(name) { Description = description, HelpName = valueName, Arity = ArgumentArity.ExactlyOne };

    /// <summary>A text that may be given several times.</summary>
    public static Option<string[]> Texts(string name, string valueName, string description)
        => new(name) { Description = description, HelpName = valueName, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };

    public static Option<long?> Whole(string name, string valueName, string description, long minimum, long maximum) => new(name)
    {
        Description = description,
        HelpName = valueName,
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) && value >= minimum && value <= maximum)
            {
                return value;
            }

            result.AddError($"{name} is '{text}'; expected a whole number from {Bound(minimum)} to {Bound(maximum)}");
            return null;
        },
    };

    /// <summary>A number within limits; NaN and infinities are refused.</summary>
    public static Option<double?> Number(string name, string valueName, string description, double minimum, double maximum) => new(name)
    {
        Description = description,
        HelpName = valueName,
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (TryParse(text, out double value) && value >= minimum && value <= maximum)
            {
                return value;
            }

            result.AddError($"{name} is '{text}'; expected a number from {Bound(minimum)} to {Bound(maximum)}");
            return null;
        },
    };

    /// <summary>A quantity with an optional decimal prefix: 250k, 12M, 1.5G.</summary>
    public static Option<double?> Scaled(string name, string valueName, string description) => new(name)
    {
        Description = description,
        HelpName = valueName,
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            double scale = text.Length == 0 ? 1 : text[^1] switch { 'k' or 'K' => 1e3, 'm' or 'M' => 1e6, 'g' or 'G' => 1e9, _ => 1 };
            if (TryParse(scale == 1 ? text : text[..^1], out double value) && value > 0)
            {
                return value * scale;
            }

            result.AddError($"{name} is '{text}'; expected a number above 0 such as 250k, 12M or 1.5G");
            return null;
        },
    };

    public static Option<string?> Choice(string name, string description, params string[] choices) => new(name)
    {
        Description = description,
        HelpName = string.Join('|', choices),
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result => ParseChoice(result, name, choices),
    };

    /// <summary>Fails for an option that was given where it would do nothing: a mistake that a user should hear of.</summary>
    /// <param name="arguments">What was given.</param>
    /// <param name="where">Where it has no effect, such as "with --tiles".</param>
    /// <param name="options">The options.</param>
    public static void RefuseIdle(ParseResult arguments, string where, params ReadOnlySpan<Option> options)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        foreach (Option option in options)
        {
            if (arguments.GetResult(option) is { Implicit: false })
            {
                throw ToolException.Usage($"{option.Name} has no effect {where}; leave it out");
            }
        }
    }

    private static string? ParseChoice(ArgumentResult result, string name, string[] choices)
    {
        string text = result.Tokens[0].Value;
        foreach (string choice in choices)
        {
            if (string.Equals(choice, text, StringComparison.OrdinalIgnoreCase))
            {
                return choice;
            }
        }

        string hint = Suggestion.Nearest(text, choices) is { } nearest ? $"; did you mean '{nearest}'?" : string.Empty;
        result.AddError($"{name} is '{text}'; expected {string.Join(" or ", choices)}{hint}");
        return null;
    }

    private static bool TryParse(string text, out double value)
        => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    private static string Bound(double value) => value.ToString("G9", CultureInfo.InvariantCulture);

    private static string Bound(long value) => value.ToString(CultureInfo.InvariantCulture);
}
