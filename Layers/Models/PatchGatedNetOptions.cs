using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a <see cref="PatchGatedNet"/>.</summary>
public sealed record PatchGatedNetOptions : ImageModelOptions
{
    /// <summary>Tiles in each direction.</summary>
    public int Tiles { get; init; } = 4;

    /// <summary>Rows and columns of the image to those of the small one that the scout sees.</summary>
    public int Reduction { get; init; } = 4;

    /// <summary>Output channels of the scout's strided convolutions.</summary>
    public int[] ScoutChannels { get; init; } = [8, 16];

    /// <summary>The stride of the first convolution of tiles, 1 or 2.</summary>
    public int StemStride { get; init; } = 1;

    /// <summary>Output channels of each group of residual blocks of tiles.</summary>
    public int[] Channels { get; init; } = [16, 32, 64];

    /// <summary>Blocks of each group; as many as there are groups.</summary>
    public int[] Blocks { get; init; } = [1, 1, 1];

    /// <summary>The share of training after which tiles are chosen without noise, as they are at inference.</summary>
    public float NoiseUntil { get; init; } = 0.6f;

    /// <summary>Whether the classifier is told where each tile's features come from; else it sees their mean.</summary>
    public bool KeepsPlaces { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        ArgumentNullException.ThrowIfNull(ScoutChannels);
        OptionsCheck.Range(Tiles, 1, 64, nameof(Tiles));
        OptionsCheck.Range(Math.Min(Height, Width) / Tiles, 1, 4096, "Pixels of a tile");
        OptionsCheck.Range(Reduction, 1, 256, nameof(Reduction));
        OptionsCheck.Range(ScoutChannels.Length, 1, 8, "The number of the scout's convolutions");
        OptionsCheck.RangeAll(ScoutChannels, 1, 4096, nameof(ScoutChannels));
        OptionsCheck.Range(NoiseUntil, 0, 1, nameof(NoiseUntil));
        Patch().Validate();
    }

    /// <summary>The network of tiles as a residual one.</summary>
    internal ResNetOptions Patch() => new()
    {
        Height = Math.Max(4, (Height + Tiles - 1) / Tiles),
        Width = Math.Max(4, (Width + Tiles - 1) / Tiles),
        InputChannels = InputChannels,
        Classes = Classes,
        StemStride = StemStride,
        Channels = Channels,
        Blocks = Blocks,
    };

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static PatchGatedNetOptions Read(OptionsReader reader)
    {
        PatchGatedNetOptions options = ReadImage(reader, new PatchGatedNetOptions()) with
        {
            Tiles = reader.Integer("tiles", 1, 64),
            Reduction = reader.Integer("reduction", 1, 256),
            ScoutChannels = reader.Integers("scout_channels", 8, 1, 4096),
            StemStride = reader.Integer("stem_stride", 1, 2),
            Channels = reader.Integers("channels", 8, 1, 4096),
            Blocks = reader.Integers("blocks", 8, 1, 64),
            NoiseUntil = (float)reader.Real("noise_until", 0, 1),

            // Files of before there was a choice have the mean.
            KeepsPlaces = reader.Has("keeps_places") && reader.Flag("keeps_places"),
        };
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "patch-gated");
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteImage(writer);
        writer.WriteNumber("tiles", Tiles);
        writer.WriteNumber("reduction", Reduction);
        OptionsWriter.Integers(writer, "scout_channels", ScoutChannels);
        writer.WriteNumber("stem_stride", StemStride);
        OptionsWriter.Integers(writer, "channels", Channels);
        OptionsWriter.Integers(writer, "blocks", Blocks);
        writer.WriteNumber("noise_until", NoiseUntil);
        writer.WriteBoolean("keeps_places", KeepsPlaces);
        writer.WriteEndObject();
    }
}
