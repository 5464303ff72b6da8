using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a <see cref="RaNet"/>.</summary>
public sealed record RaNetOptions : ImageModelOptions
{
    /// <summary>Blocks of each sub-network, that of the lowest resolution first; sub-network s has at least s + 1.</summary>
    public int[] Blocks { get; init; } = [2, 3, 4];

    /// <summary>The stride of the first convolution of each sub-network, 1 or 2.</summary>
    public int StemStride { get; init; } = 1;

    /// <summary>Layers of each block.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>Channels behind each block at full resolution; twice as many at half of it, and so on.</summary>
    public int BaseChannels { get; init; } = 8;

    /// <summary>Channels that each layer adds at full resolution; twice as many at half of it, and so on.</summary>
    public int GrowthRate { get; init; } = 4;

    /// <summary>Channels of the convolution of each exit's classifier.</summary>
    public int ClassifierChannels { get; init; } = 48;

    /// <summary>Exits of each sub-network, one behind each of its last blocks.</summary>
    public int ExitsPerScale { get; init; } = 1;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        ArgumentNullException.ThrowIfNull(Blocks);
        OptionsCheck.Range(Blocks.Length, 1, 6, "The number of sub-networks in " + nameof(Blocks));
        OptionsCheck.Range(StemStride, 1, 2, nameof(StemStride));
        OptionsCheck.Range(Layers, 1, 16, nameof(Layers));
        OptionsCheck.Range(BaseChannels, 1, 512, nameof(BaseChannels));
        OptionsCheck.Range(GrowthRate, 1, 512, nameof(GrowthRate));
        OptionsCheck.Range(ClassifierChannels, 1, 4096, nameof(ClassifierChannels));
        OptionsCheck.Range(ExitsPerScale, 1, 32, nameof(ExitsPerScale));
        for (int s = 0; s < Blocks.Length; s++)
        {
            OptionsCheck.Range(Blocks[s], Math.Max(s + 1, ExitsPerScale), 32, $"Sub-network {s} in {nameof(Blocks)}");
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static RaNetOptions Read(OptionsReader reader)
    {
        RaNetOptions options = ReadImage(reader, new RaNetOptions()) with
        {
            Blocks = reader.Integers("blocks", 6, 1, 32),
            StemStride = reader.Integer("stem_stride", 1, 2),
            Layers = reader.Integer("layers", 1, 16),
            BaseChannels = reader.Integer("base_channels", 1, 512),
            GrowthRate = reader.Integer("growth_rate", 1, 512),
            ClassifierChannels = reader.Integer("classifier_channels", 1, 4096),
            ExitsPerScale = reader.Integer("exits_per_scale", 1, 32),
        };
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "ranet");
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteImage(writer);
        OptionsWriter.Integers(writer, "blocks", Blocks);
        writer.WriteNumber("stem_stride", StemStride);
        writer.WriteNumber("layers", Layers);
        writer.WriteNumber("base_channels", BaseChannels);
        writer.WriteNumber("growth_rate", GrowthRate);
        writer.WriteNumber("classifier_channels", ClassifierChannels);
        writer.WriteNumber("exits_per_scale", ExitsPerScale);
        writer.WriteEndObject();
    }
}
