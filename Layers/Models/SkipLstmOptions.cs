using System.Text.Json;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a recurrent classifier of sequences.</summary>
public sealed record SkipLstmOptions : SequenceModelOptions
{
    private static readonly string[] Methods = ["static", "skip", "skim"];
    private static readonly string[] Kinds = ["lstm", "gru"];

    /// <summary>What is left out.</summary>
    public RecurrentMethod Method { get; init; } = RecurrentMethod.Skip;

    /// <summary>Whether the cells are gated recurrent units rather than LSTMs.</summary>
    public bool IsGru { get; init; }

    /// <summary>Elements of a token's vector; unused where the input is features.</summary>
    public int Embedding { get; init; } = 64;

    /// <summary>Units of the state.</summary>
    public int Units { get; init; } = 128;

    /// <summary>Units that are updated when skimming, below <see cref="Units"/>.</summary>
    public int SmallUnits { get; init; } = 8;

    /// <summary>Share of the answer's inputs and of the vectors of tokens that training drops.</summary>
    public float Dropout { get; init; } = 0.2f;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range((int)Method, 0, Methods.Length - 1, nameof(Method));
        OptionsCheck.Range(Embedding, 1, 8192, nameof(Embedding));
        OptionsCheck.Range(Units, 2, 8192, nameof(Units));
        OptionsCheck.Range(SmallUnits, 1, Units - 1, nameof(SmallUnits));
        OptionsCheck.Range(Dropout, 0, 0.9, nameof(Dropout));
    }

    internal static SkipLstmOptions Read(OptionsReader reader)
    {
        SkipLstmOptions options = ReadSequence(reader, new SkipLstmOptions
        {
            Method = (RecurrentMethod)OptionsCheck.Choice(reader, "method", Methods),
            IsGru = OptionsCheck.Choice(reader, "cell", Kinds) == 1,
            Embedding = reader.Integer("embedding", 1, 8192),
            Units = reader.Integer("units", 2, 8192),
            SmallUnits = reader.Integer("small_units", 1, 8191),
            Dropout = (float)reader.Real("dropout", 0, 0.9),
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
        writer.WriteString("cell", Kinds[IsGru ? 1 : 0]);
        writer.WriteNumber("embedding", Embedding);
        writer.WriteNumber("units", Units);
        writer.WriteNumber("small_units", SmallUnits);
        writer.WriteNumber("dropout", Dropout);
        writer.WriteEndObject();
    }

    internal RecurrentKind Kind => IsGru ? RecurrentKind.Gru : RecurrentKind.Lstm;
}
