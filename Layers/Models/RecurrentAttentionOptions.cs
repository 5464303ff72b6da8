using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a <see cref="RecurrentAttention"/>.</summary>
public sealed record RecurrentAttentionOptions : ImageModelOptions
{
    /// <summary>Rows and columns of the smallest patch of a glimpse.</summary>
    public int PatchSize { get; init; } = 8;

    /// <summary>Patches of a glimpse, each of twice the size of the one before.</summary>
    public int Scales { get; init; } = 2;

    /// <summary>Output channels of the convolutions that a glimpse goes through, each but the first of stride 2; none: it is seen by a linear map alone.</summary>
    public int[] SensorChannels { get; init; } = [];

    /// <summary>Glimpses of an image, at most.</summary>
    public int Glimpses { get; init; } = 6;

    /// <summary>Features of a glimpse, and values that are remembered.</summary>
    public int Hidden { get; init; } = 128;

    /// <summary>The standard deviation of places while training; the image is 2 wide.</summary>
    public float Deviation { get; init; } = 0.15f;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(PatchSize, 1, 1024, nameof(PatchSize));
        OptionsCheck.Range(Scales, 1, 8, nameof(Scales));
        ArgumentNullException.ThrowIfNull(SensorChannels);
        OptionsCheck.Range(SensorChannels.Length, 0, 8, "The number of " + nameof(SensorChannels));
        foreach (int channels in SensorChannels)
        {
            OptionsCheck.Range(channels, 1, 4096, nameof(SensorChannels));
        }

        // Wider than twice the image a glimpse would be mostly outside of it, wherever it looks.
        OptionsCheck.Range((double)PatchSize * (1 << (Scales - 1)), 1, Math.Max(64, 2 * Math.Max(Height, Width)), $"{nameof(PatchSize)} at the coarsest of the {nameof(Scales)}");
        OptionsCheck.Range(Glimpses, 1, 64, nameof(Glimpses));
        OptionsCheck.Range(Hidden, 1, 4096, nameof(Hidden));
        OptionsCheck.Range(Deviation, 0.001, 2, nameof(Deviation));
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static RecurrentAttentionOptions Read(OptionsReader reader)
    {
        RecurrentAttentionOptions options = ReadImage(reader, new RecurrentAttentionOptions()) with
        {
            PatchSize = reader.Integer("patch_size", 1, 1024),
            Scales = reader.Integer("scales", 1, 8),
            SensorChannels = reader.Integers("sensor_channels", 8, 1, 4096),
            Glimpses = reader.Integer("glimpses", 1, 64),
            Hidden = reader.Integer("hidden", 1, 4096),
            Deviation = (float)reader.Real("deviation", 0.001, 2),
        };
        reader.Finish();
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteImage(writer);
        writer.WriteNumber("patch_size", PatchSize);
        writer.WriteNumber("scales", Scales);
        OptionsWriter.Integers(writer, "sensor_channels", SensorChannels);
        writer.WriteNumber("glimpses", Glimpses);
        writer.WriteNumber("hidden", Hidden);
        writer.WriteNumber("deviation", Deviation);
        writer.WriteEndObject();
    }
}
