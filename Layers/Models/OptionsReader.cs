using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Reads the members of a JSON object that is not trusted: each with its kind and bounds, and at the end none may be left over. Errors
/// name the member, the value found and the one expected.
/// </summary>
public sealed class OptionsReader
{
    private readonly JsonElement _element;
    private readonly string _part;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    /// <summary>Begins to read an object.</summary>
    /// <param name="element">The object.</param>
    /// <param name="part">What it is, for messages, such as "options of msdnet".</param>
    /// <exception cref="ModelFormatException">It is no object.</exception>
    public OptionsReader(JsonElement element, string part)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new ModelFormatException(part, -1, Describe(element), "a JSON object");
        }

        _element = element;
        _part = part;
    }

    /// <summary>Whether there is a member that is not null.</summary>
    /// <param name="name">Its name.</param>
    public bool Has(string name)
    {
        // A member asked for is a known one, also when it is null or missing.
        _read.Add(name);
        return _element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;
    }

    /// <summary>An integer.</summary>
    /// <param name="name">The member.</param>
    /// <param name="minimum">The least value allowed.</param>
    /// <param name="maximum">The largest value allowed.</param>
    public int Integer(string name, int minimum, int maximum) => (int)Long(name, minimum, maximum);

    /// <summary>An integer of up to 64 bits.</summary>
    /// <param name="name">The member.</param>
    /// <param name="minimum">The least value allowed.</param>
    /// <param name="maximum">The largest value allowed.</param>
    public long Long(string name, long minimum, long maximum)
    {
        JsonElement value = Member(name);
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= minimum && number <= maximum
            ? number
            : throw Wrong(name, value, $"an integer from {minimum} to {maximum}");
    }

    /// <summary>A finite number.</summary>
    /// <param name="name">The member.</param>
    /// <param name="minimum">The least value allowed.</param>
    /// <param name="maximum">The largest value allowed.</param>
    public double Real(string name, double minimum, double maximum) => Real(name, Member(name), minimum, maximum);

    /// <summary>True or false.</summary>
    /// <param name="name">The member.</param>
    public bool Flag(string name)
    {
        JsonElement value = Member(name);
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw Wrong(name, value, "true or false");
    }

    /// <summary>A string without control characters.</summary>
    /// <param name="name">The member.</param>
    /// <param name="maximumLength">The most UTF-16 characters allowed.</param>
    public string Text(string name, int maximumLength) => Text(name, Member(name), maximumLength);

    /// <summary>A list of integers.</summary>
    /// <param name="name">The member.</param>
    /// <param name="maximumLength">The most items allowed.</param>
    /// <param name="minimum">The least value allowed.</param>
    /// <param name="maximum">The largest value allowed.</param>
    public int[] Integers(string name, int maximumLength, int minimum, int maximum)
    {
        JsonElement list = List(name, maximumLength);
        int[] values = new int[list.GetArrayLength()];
        int index = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            values[index++] = item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int number) && number >= minimum && number <= maximum
                ? number
                : throw Wrong(name, item, $"integers from {minimum} to {maximum}");
        }

        return values;
    }

    /// <summary>A list of finite numbers; null stands for positive infinity where the bounds allow it.</summary>
    /// <param name="name">The member.</param>
    /// <param name="maximumLength">The most items allowed.</param>
    /// <param name="minimum">The least value allowed.</param>
    /// <param name="maximum">The largest value allowed.</param>
    public float[] Reals(string name, int maximumLength, float minimum, float maximum)
    {
        JsonElement list = List(name, maximumLength);
        float[] values = new float[list.GetArrayLength()];
        int index = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            bool infinite = item.ValueKind == JsonValueKind.Null && float.IsPositiveInfinity(maximum);
            values[index++] = infinite ? float.PositiveInfinity : (float)Real(name, item, minimum, Math.Min(maximum, float.MaxValue));
        }

        return values;
    }

    /// <summary>A list of strings without control characters.</summary>
    /// <param name="name">The member.</param>
    /// <param name="maximumLength">The most items allowed.</param>
    /// <param name="maximumTextLength">The most UTF-16 characters allowed in each.</param>
    public string[] Texts(string name, int maximumLength, int maximumTextLength)
    {
        JsonElement list = List(name, maximumLength);
        string[] values = new string[list.GetArrayLength()];
        int index = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            values[index++] = Text(name, item, maximumTextLength);
        }

        return values;
    }

    /// <summary>A list of objects.</summary>
    /// <param name="name">The member.</param>
    /// <param name="maximumLength">The most items allowed.</param>
    public OptionsReader[] Objects(string name, int maximumLength)
    {
        JsonElement list = List(name, maximumLength);
        OptionsReader[] values = new OptionsReader[list.GetArrayLength()];
        int index = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            values[index] = new OptionsReader(item, $"{_part}.{name}[{index}]");
            index++;
        }

        return values;
    }

    /// <summary>An object within this one.</summary>
    /// <param name="name">The member.</param>
    public OptionsReader Object(string name) => new(Member(name), $"{_part}.{name}");

    /// <summary>A member as it stands.</summary>
    /// <param name="name">The member.</param>
    public JsonElement Member(string name)
    {
        _read.Add(name);
        return _element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value
            : throw new ModelFormatException(_part, -1, $"no member \"{name}\"", "one");
    }

    /// <summary>The names and strings of all members.</summary>
    /// <param name="maximumCount">The most members allowed.</param>
    /// <param name="maximumLength">The most UTF-16 characters allowed in a name or value.</param>
    public KeyValuePair<string, string>[] Pairs(int maximumCount, int maximumLength)
    {
        List<KeyValuePair<string, string>> pairs = [];
        foreach (JsonProperty member in _element.EnumerateObject())
        {
            if (pairs.Count == maximumCount || member.Name.Length == 0 || member.Name.Length > maximumLength)
            {
                throw new ModelFormatException(_part, -1, $"member {FileText.Quote(member.Name)} as number {pairs.Count + 1}", $"at most {maximumCount} members with names of 1 to {maximumLength} characters");
            }

            string value = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : throw Wrong(member.Name, member.Value, "a string");
            if (value.Length > maximumLength)
            {
                throw Wrong(member.Name, member.Value, $"at most {maximumLength} characters");
            }

            pairs.Add(new(member.Name, value));
        }

        return [.. pairs];
    }

    /// <summary>Refuses members that nobody has read.</summary>
    /// <exception cref="ModelFormatException">There is one.</exception>
    public void Finish()
    {
        foreach (JsonProperty member in _element.EnumerateObject())
        {
            if (!_read.Contains(member.Name))
            {
                throw new ModelFormatException(_part, -1, $"the unknown member {FileText.Quote(member.Name)}", "none but " + string.Join(", ", _read));
            }
        }
    }

    private static string Describe(JsonElement value) =>
        value.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? $"a JSON {value.ValueKind}" : FileText.Quote(value.GetRawText());

    private double Real(string name, JsonElement value, double minimum, double maximum) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number) && number >= minimum && number <= maximum
            ? number
            : throw Wrong(name, value, string.Create(CultureInfo.InvariantCulture, $"a number from {minimum} to {maximum}"));

    private string Text(string name, JsonElement value, int maximumLength)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            string text = value.GetString()!;
            if (text.Length <= maximumLength && !HasControl(text))
            {
                return text;
            }
        }

        throw Wrong(name, value, $"a string of at most {maximumLength} characters, none of them control characters");
    }

    private static bool HasControl(string text)
    {
        foreach (char character in text)
        {
            if (char.IsControl(character))
            {
                return true;
            }
        }

        return false;
    }

    private JsonElement List(string name, int maximumLength)
    {
        JsonElement value = Member(name);
        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= maximumLength
            ? value
            : throw Wrong(name, value, $"a list of at most {maximumLength} items");
    }

    private ModelFormatException Wrong(string name, JsonElement value, string expected) =>
        new($"{_part}, \"{name}\"", -1, Describe(value), expected);
}
