using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a residual network with a decision forest as its classifier.</summary>
public sealed record NeuralForestOptions : ImageModelOptions
{
    /// <summary>Channels of each group of residual blocks.</summary>
    public int[] Channels { get; init; } = [12, 24, 48];

    /// <summary>The number of trees.</summary>
    public int Trees { get; init; } = 5;

    /// <summary>Levels of decisions of each tree, 1 to 12.</summary>
    public int Depth { get; init; } = 6;

    /// <summary>The inverse temperature of decisions at inference.</summary>
    public float Beta { get; init; } = 2;

    /// <summary>The inverse temperature when training begins, from where it rises evenly.</summary>
    public float FirstBeta { get; init; } = 1;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Channels.Length, 1, 8, "The number of groups in " + nameof(Channels));
        OptionsCheck.RangeAll(Channels, 1, 4096, nameof(Channels));
        OptionsCheck.Range(Trees, 1, 256, nameof(Trees));
        OptionsCheck.Range(Depth, 1, SoftTreeOptions.MostDepth, nameof(Depth));
        OptionsCheck.Range(Beta, 1e-3, 1e3, nameof(Beta));
        OptionsCheck.Range(FirstBeta, 1e-3, 1e3, nameof(FirstBeta));
        OptionsCheck.Range(((long)Channels[^1] * Trees) << Depth, 1, SoftTreeOptions.MostWeights, "The number of weights of the trees");
    }

    internal static NeuralForestOptions Read(OptionsReader reader)
    {
        NeuralForestOptions options = ReadImage(reader, new NeuralForestOptions
        {
            Channels = reader.Integers("channels", 8, 1, 4096),
            Trees = reader.Integer("trees", 1, 256),
            Depth = reader.Integer("depth", 1, SoftTreeOptions.MostDepth),
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
        OptionsWriter.Integers(writer, "channels", Channels);
        writer.WriteNumber("trees", Trees);
        writer.WriteNumber("depth", Depth);
        writer.WriteNumber("beta", Beta);
        writer.WriteNumber("first_beta", FirstBeta);
        writer.WriteEndObject();
    }
}
