using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a recurrent classifier of sequences.</summary>
public sealed record SkipLstmOptions : RecurrentModelOptions
{
    private static readonly string[] Methods = ["static", "skip", "skim"];

    /// <summary>What is left out.</summary>
    public RecurrentMethod Method { get; init; } = RecurrentMethod.Skip;

    /// <summary>Units that are updated when skimming, below <see cref="RecurrentModelOptions.Units"/>.</summary>
    public int SmallUnits { get; init; } = 8;

    // Some of them are left out when skimming.
    private protected override int FewestUnits => 2;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range((int)Method, 0, Methods.Length - 1, nameof(Method));
        OptionsCheck.Range(SmallUnits, 1, Units - 1, nameof(SmallUnits));
    }

    internal static SkipLstmOptions Read(OptionsReader reader)
    {
        SkipLstmOptions options = ReadRecurrent(reader, new SkipLstmOptions
        {
            Method = (RecurrentMethod)OptionsCheck.Choice(reader, "method", Methods),
            SmallUnits = reader.Integer("small_units", 1, 8191),
        });
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "options of skip-lstm");
        return options;
    }

    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteSequence(writer);
        writer.WriteString("method", Methods[(int)Method]);
        WriteCell(writer);
        writer.WriteNumber("small_units", SmallUnits);
        writer.WriteNumber("dropout", Dropout);
        writer.WriteEndObject();
    }
}
