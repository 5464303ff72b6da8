using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a grid of layers × scales through which each input finds its way.</summary>
public sealed record ScaleRoutingOptions : ImageModelOptions
{
    /// <summary>The stride of the first convolution, 1 or 2.</summary>
    public int StemStride { get; init; } = 2;

    /// <summary>Layers of the grid.</summary>
    public int Layers { get; init; } = 4;

    /// <summary>Channels of each scale, finest first.</summary>
    public int[] Channels { get; init; } = [12, 20, 32];

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(StemStride, 1, 2, nameof(StemStride));
        OptionsCheck.Range(Layers, 1, 64, nameof(Layers));
        OptionsCheck.Range(Channels.Length, 1, 8, "The number of scales in " + nameof(Channels));
        OptionsCheck.RangeAll(Channels, 1, 4096, nameof(Channels));
    }

    internal static ScaleRoutingOptions Read(OptionsReader reader)
    {
        ScaleRoutingOptions options = ReadImage(reader, new ScaleRoutingOptions
        {
            StemStride = reader.Integer("stem_stride", 1, 2),
            Layers = reader.Integer("layers", 1, 64),
            Channels = reader.Integers("channels", 8, 1, 4096),
        });
        reader.Finish();
        return options;
    }

    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteImage(writer);
        writer.WriteNumber("stem_stride", StemStride);
        writer.WriteNumber("layers", Layers);
        OptionsWriter.Integers(writer, "channels", Channels);
        writer.WriteEndObject();
    }
}
