using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a <see cref="KeyFrameNet"/>.</summary>
public sealed record KeyFrameNetOptions : VideoModelOptions
{
    /// <summary>k, the frames that the expensive network looks at; at most <see cref="VideoModelOptions.Frames"/>.</summary>
    public int Looks { get; init; } = 6;

    /// <summary>Rows and columns of a frame to one of the sampler's.</summary>
    public int Reduction { get; init; } = 2;

    /// <summary>Output channels of each convolution of the sampler.</summary>
    public int[] GlanceChannels { get; init; } = [8, 16];

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Looks, 1, Frames, nameof(Looks));
        OptionsCheck.Range(Reduction, 1, 64, nameof(Reduction));
        OptionsCheck.Range(GlanceChannels.Length, 1, 8, "The number of convolutions in " + nameof(GlanceChannels));
        OptionsCheck.RangeAll(GlanceChannels, 1, 4096, nameof(GlanceChannels));
    }

    internal static KeyFrameNetOptions Read(OptionsReader reader)
    {
        KeyFrameNetOptions options = ReadVideo(reader, new KeyFrameNetOptions
        {
            Looks = reader.Integer("looks", 1, 4096),
            Reduction = reader.Integer("reduction", 1, 64),
            GlanceChannels = reader.Integers("glance_channels", 8, 1, 4096),
        });
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "options of key-frames");
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteVideo(writer);
        writer.WriteNumber("looks", Looks);
        writer.WriteNumber("reduction", Reduction);
        OptionsWriter.Integers(writer, "glance_channels", GlanceChannels);
        writer.WriteEndObject();
    }
}
