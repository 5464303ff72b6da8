using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a small transformer that classifies texts.</summary>
public abstract record TransformerOptions : SequenceModelOptions
{
    /// <summary>Channels of a token, a multiple of <see cref="Heads"/>.</summary>
    public int Width { get; init; } = 128;

    /// <summary>Heads of each attention.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Units between the two products of each layer.</summary>
    public int Hidden { get; init; } = 256;

    /// <summary>The number of layers.</summary>
    public int Layers { get; init; } = 4;

    /// <summary>Share of elements that training drops.</summary>
    public float Dropout { get; init; } = 0.1f;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Vocabulary, 2, 1 << 20, nameof(Vocabulary));
        OptionsCheck.Range(Length, 1, 4096, nameof(Length));
        OptionsCheck.Range(Heads, 1, 256, nameof(Heads));
        OptionsCheck.Range(Width, Heads, 8192, nameof(Width));
        OptionsCheck.Range(Width % Heads, 0, 0, nameof(Width) + " modulo " + nameof(Heads));
        OptionsCheck.Range(Hidden, 1, 32768, nameof(Hidden));
        OptionsCheck.Range(Layers, 1, 64, nameof(Layers));
        OptionsCheck.Range(Dropout, 0, 0.9, nameof(Dropout));
    }

    private protected static T ReadTransformer<T>(OptionsReader reader, T options)
        where T : TransformerOptions => (T)(ReadSequence(reader, options) with
        {
            Width = reader.Integer("width", 1, 8192),
            Heads = reader.Integer("heads", 1, 256),
            Hidden = reader.Integer("hidden", 1, 32768),
            Layers = reader.Integer("layers", 1, 64),
            Dropout = (float)reader.Real("dropout", 0, 0.9),
        });

    private protected void WriteTransformer(Utf8JsonWriter writer)
    {
        WriteSequence(writer);
        writer.WriteNumber("width", Width);
        writer.WriteNumber("heads", Heads);
        writer.WriteNumber("hidden", Hidden);
        writer.WriteNumber("layers", Layers);
        writer.WriteNumber("dropout", Dropout);
    }
}
