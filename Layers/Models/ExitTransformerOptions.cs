using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a transformer with an exit after each layer.</summary>
public sealed record ExitTransformerOptions : TransformerOptions
{
    /// <summary>Whether there are exits before the last layer; without, the network is the static one to compare with.</summary>
    public bool HasExits { get; init; } = true;

    /// <summary>Whether exits before the last have a gate that learns whether their answer is right, for the criterion "learned" (BERxiT).</summary>
    public bool HasExitGates { get; init; }

    internal static ExitTransformerOptions Read(OptionsReader reader)
    {
        ExitTransformerOptions options = ReadTransformer(reader, new ExitTransformerOptions { HasExits = reader.Flag("has_exits"), HasExitGates = reader.Flag("has_exit_gates") });
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "options of exit-transformer");
        return options;
    }

    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteTransformer(writer);
        writer.WriteBoolean("has_exits", HasExits);
        writer.WriteBoolean("has_exit_gates", HasExitGates);
        writer.WriteEndObject();
    }
}
