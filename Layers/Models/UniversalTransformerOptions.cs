using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a transformer that runs one layer as often as each token needs; <see cref="TransformerOptions.Layers"/> is the most often.</summary>
public sealed record UniversalTransformerOptions : TransformerOptions
{
    /// <summary>ε: a token halts when its scores reach 1 − ε.</summary>
    public float Epsilon { get; init; } = 0.01f;

    /// <summary>The score of halting that training begins with, before the sigmoid.</summary>
    public float Start { get; init; } = -1;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Epsilon, 1e-6, 0.5, nameof(Epsilon));
        OptionsCheck.Range(Start, -100, 100, nameof(Start));
    }

    internal static UniversalTransformerOptions Read(OptionsReader reader)
    {
        UniversalTransformerOptions options = ReadTransformer(reader, new UniversalTransformerOptions
        {
            Epsilon = (float)reader.Real("epsilon", 1e-7, 0.5),
            Start = (float)reader.Real("start", -100, 100),
        });
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "options of universal-transformer");
        return options;
    }

    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteTransformer(writer);
        writer.WriteNumber("epsilon", Epsilon);
        writer.WriteNumber("start", Start);
        writer.WriteEndObject();
    }
}
