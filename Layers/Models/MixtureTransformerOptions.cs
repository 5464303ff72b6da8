using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a transformer whose feed-forward parts are mixtures of experts.</summary>
public sealed record MixtureTransformerOptions : TransformerOptions
{
    private static readonly string[] Gatings = ["top", "switch"];

    /// <summary>Whether each token goes to the most probable expert (Switch), rather than to the best of noisy gates.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>Experts of each layer, each with <see cref="TransformerOptions.Hidden"/> units.</summary>
    public int Experts { get; init; } = 4;

    /// <summary>Experts of a token, at least 2, where it is not the most probable alone: the weight of a single one would be 1 whatever the gate says, and teach it nothing.</summary>
    public int Chosen { get; init; } = 2;

    /// <summary>What of its fair share of a batch's tokens an expert takes at most while a Switch trains.</summary>
    public float Capacity { get; init; } = 1.5f;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Experts, 2, 1024, nameof(Experts));
        OptionsCheck.Range(Chosen, IsSwitch ? 1 : 2, Experts, nameof(Chosen));
        OptionsCheck.Range(Capacity, 0.01, 1e6, nameof(Capacity));
    }

    internal static MixtureTransformerOptions Read(OptionsReader reader)
    {
        MixtureTransformerOptions options = ReadTransformer(reader, new MixtureTransformerOptions
        {
            IsSwitch = OptionsCheck.Choice(reader, "gating", Gatings) == 1,
            Experts = reader.Integer("experts", 2, 1024),
            Chosen = reader.Integer("chosen", 1, 1024),
            Capacity = (float)reader.Real("capacity", 0.01, 1e6),
        });
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "options of mixture-transformer");
        return options;
    }

    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteTransformer(writer);
        writer.WriteString("gating", Gatings[IsSwitch ? 1 : 0]);
        writer.WriteNumber("experts", Experts);
        writer.WriteNumber("chosen", Chosen);
        writer.WriteNumber("capacity", Capacity);
        writer.WriteEndObject();
    }
}
