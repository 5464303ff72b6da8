using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of an <see cref="ElasticResNet"/>.</summary>
public sealed record ElasticResNetOptions : ImageModelOptions
{
    /// <summary>The stride of the first convolution, 1 or 2.</summary>
    public int StemStride { get; init; } = 1;

    /// <summary>Output channels of each group.</summary>
    public int[] Channels { get; init; } = [32, 64, 128];

    /// <summary>Blocks of each group; as many as there are groups.</summary>
    public int[] Blocks { get; init; } = [1, 1, 1];

    /// <summary>Output channels to one channel of each of a block's two 3×3 convolutions.</summary>
    public int Expansion { get; init; } = 4;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        ArgumentNullException.ThrowIfNull(Channels);
        ArgumentNullException.ThrowIfNull(Blocks);
        OptionsCheck.Range(StemStride, 1, 2, nameof(StemStride));
        OptionsCheck.Range(Channels.Length, 1, 8, "The number of groups in " + nameof(Channels));
        OptionsCheck.Range(Blocks.Length, Channels.Length, Channels.Length, "The number of groups in " + nameof(Blocks));
        OptionsCheck.Range(Expansion, 1, 64, nameof(Expansion));
        OptionsCheck.RangeAll(Channels, Expansion, 4096, nameof(Channels));
        OptionsCheck.RangeAll(Blocks, 1, 64, nameof(Blocks));
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static ElasticResNetOptions Read(OptionsReader reader)
    {
        ElasticResNetOptions options = ReadImage(reader, new ElasticResNetOptions()) with
        {
            StemStride = reader.Integer("stem_stride", 1, 2),
            Channels = reader.Integers("channels", 8, 1, 4096),
            Blocks = reader.Integers("blocks", 8, 1, 64),
            Expansion = reader.Integer("expansion", 1, 64),
        };
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "elastic-resnet");
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteImage(writer);
        writer.WriteNumber("stem_stride", StemStride);
        OptionsWriter.Integers(writer, "channels", Channels);
        OptionsWriter.Integers(writer, "blocks", Blocks);
        writer.WriteNumber("expansion", Expansion);
        writer.WriteEndObject();
    }
}
