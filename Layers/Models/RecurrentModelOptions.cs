using System.Text.Json;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>What classifiers of sequences with one recurrent layer share: vectors of tokens, a cell and its state.</summary>
public abstract record RecurrentModelOptions : SequenceModelOptions
{
    private const int Most = 8192;

    private static readonly string[] Kinds = ["lstm", "gru"];

    /// <summary>Whether the cells are gated recurrent units rather than LSTMs, where the method has a choice.</summary>
    public bool IsGru { get; init; }

    /// <summary>Elements of a token's vector; unused where the input is features.</summary>
    public int Embedding { get; init; } = 64;

    /// <summary>Units of the state, of each layer where there are several.</summary>
    public int Units { get; init; } = 128;

    /// <summary>Share of the answer's inputs and of the vectors of tokens that training drops.</summary>
    public float Dropout { get; init; } = 0.2f;

    internal RecurrentKind Kind => IsGru ? RecurrentKind.Gru : RecurrentKind.Lstm;

    /// <summary>The fewest units that make a network.</summary>
    private protected virtual int FewestUnits => 1;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Embedding, 1, Most, nameof(Embedding));
        OptionsCheck.Range(Units, FewestUnits, Most, nameof(Units));
        OptionsCheck.Range(Dropout, 0, 0.9, nameof(Dropout));
    }

    private protected static T ReadRecurrent<T>(OptionsReader reader, T options)
        where T : RecurrentModelOptions => (T)(ReadSequence(reader, options) with
        {
            IsGru = OptionsCheck.Choice(reader, "cell", Kinds) == 1,
            Embedding = reader.Integer("embedding", 1, Most),
            Units = reader.Integer("units", options.FewestUnits, Most),
            Dropout = (float)reader.Real("dropout", 0, 0.9),
        });

    private protected void WriteCell(Utf8JsonWriter writer)
    {
        writer.WriteString("cell", Kinds[IsGru ? 1 : 0]);
        writer.WriteNumber("embedding", Embedding);
        writer.WriteNumber("units", Units);
    }
}
