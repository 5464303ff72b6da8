using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a transformer that drops tokens on its way.</summary>
public sealed record TokenDropTransformerOptions : TransformerOptions
{
    /// <summary>Whether each layer keeps the tokens above a threshold that is learned, rather than a fixed share of the tokens it got.</summary>
    public bool IsLearned { get; init; }

    /// <summary>The share of tokens that each layer but the last hands on; the first token always is.</summary>
    public float Keep { get; init; } = 0.7f;

    /// <summary>The threshold that learning starts from, where 1 is the attention that a token gets on average.</summary>
    public float Threshold { get; init; } = 0.3f;

    /// <summary>How sharp the learned threshold is: the temperature of its sigmoid.</summary>
    public float Temperature { get; init; } = 0.2f;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Keep, 1e-3, 1, nameof(Keep));
        OptionsCheck.Range(Threshold, 0, 100, nameof(Threshold));
        OptionsCheck.Range(Temperature, 1e-3, 10, nameof(Temperature));
    }

    internal static TokenDropTransformerOptions Read(OptionsReader reader)
    {
        TokenDropTransformerOptions options = ReadTransformer(reader, new TokenDropTransformerOptions
        {
            IsLearned = reader.Flag("is_learned"),
            Keep = (float)reader.Real("keep", 1e-3, 1),
            Threshold = (float)reader.Real("threshold", 0, 100),
            Temperature = (float)reader.Real("temperature", 1e-3, 10),
        });
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "options of token-drop-transformer");
        return options;
    }

    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteTransformer(writer);
        writer.WriteBoolean("is_learned", IsLearned);
        writer.WriteNumber("keep", Keep);
        writer.WriteNumber("threshold", Threshold);
        writer.WriteNumber("temperature", Temperature);
        writer.WriteEndObject();
    }
}
