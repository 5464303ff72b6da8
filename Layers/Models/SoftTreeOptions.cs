using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a soft decision tree over the pixels of an image.</summary>
public sealed record SoftTreeOptions : ImageModelOptions
{
    internal const int MostDepth = 12;
    internal const long MostWeights = 1L << 26;

    /// <summary>Levels of decisions, 1 to 12.</summary>
    public int Depth { get; init; } = 8;

    /// <summary>The inverse temperature of decisions at inference.</summary>
    public float Beta { get; init; } = 4;

    /// <summary>The inverse temperature when training begins, from where it rises evenly.</summary>
    public float FirstBeta { get; init; } = 1;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Depth, 1, MostDepth, nameof(Depth));
        OptionsCheck.Range(Beta, 1e-3, 1e3, nameof(Beta));
        OptionsCheck.Range(FirstBeta, 1e-3, 1e3, nameof(FirstBeta));
        OptionsCheck.Range(((long)Height * Width * InputChannels) << Depth, 1, MostWeights, "The number of weights of the tree");
    }

    internal static SoftTreeOptions Read(OptionsReader reader)
    {
        SoftTreeOptions options = ReadImage(reader, new SoftTreeOptions
        {
            Depth = reader.Integer("depth", 1, MostDepth),
            Beta = (float)reader.Real("beta", 1e-3, 1e3),
            FirstBeta = (float)reader.Real("first_beta", 1e-3, 1e3),
        });
        reader.Finish();
        return options;
    }

    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteImage(writer);
        writer.WriteNumber("depth", Depth);
        writer.WriteNumber("beta", Beta);
        writer.WriteNumber("first_beta", FirstBeta);
        writer.WriteEndObject();
    }
}
