using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of an <see cref="AttentionZoom"/>.</summary>
public sealed record AttentionZoomOptions : ImageModelOptions
{
    /// <summary>Rows and columns of the image to those that every scale sees.</summary>
    public int Reduction { get; init; } = 2;

    /// <summary>Scales: how often it looks, each time closer.</summary>
    public int Scales { get; init; } = 3;

    /// <summary>The stride of the first convolution, 1 or 2.</summary>
    public int StemStride { get; init; } = 1;

    /// <summary>Output channels of each group of residual blocks, of every scale.</summary>
    public int[] Channels { get; init; } = [16, 32, 64];

    /// <summary>Blocks of each group; as many as there are groups.</summary>
    public int[] Blocks { get; init; } = [1, 1, 1];

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Reduction, 1, 64, nameof(Reduction));
        OptionsCheck.Range(Scales, 1, 8, nameof(Scales));
        Encoder().Validate();
    }

    /// <summary>Rows that a scale sees.</summary>
    public int SeenHeight => Math.Max(4, Height / Reduction);

    /// <summary>Columns that a scale sees.</summary>
    public int SeenWidth => Math.Max(4, Width / Reduction);

    /// <summary>The encoder's sizes as those of a residual network.</summary>
    internal ResNetOptions Encoder() => new()
    {
        Height = SeenHeight,
        Width = SeenWidth,
        InputChannels = InputChannels,
        Classes = Classes,
        StemStride = StemStride,
        Channels = Channels,
        Blocks = Blocks,
    };

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static AttentionZoomOptions Read(OptionsReader reader)
    {
        AttentionZoomOptions options = ReadImage(reader, new AttentionZoomOptions()) with
        {
            Reduction = reader.Integer("reduction", 1, 64),
            Scales = reader.Integer("scales", 1, 8),
            StemStride = reader.Integer("stem_stride", 1, 2),
            Channels = reader.Integers("channels", 8, 1, 4096),
            Blocks = reader.Integers("blocks", 8, 1, 64),
        };
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "attention-zoom");
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteImage(writer);
        writer.WriteNumber("reduction", Reduction);
        writer.WriteNumber("scales", Scales);
        writer.WriteNumber("stem_stride", StemStride);
        OptionsWriter.Integers(writer, "channels", Channels);
        OptionsWriter.Integers(writer, "blocks", Blocks);
        writer.WriteEndObject();
    }
}
