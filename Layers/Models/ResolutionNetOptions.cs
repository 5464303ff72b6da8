using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a <see cref="ResolutionNet"/>.</summary>
public sealed record ResolutionNetOptions : ImageModelOptions
{
    /// <summary>Rows of the image at each resolution, rising; columns go along. The largest is that of the image, or less.</summary>
    public int[] Rows { get; init; } = [16, 24, 32];

    /// <summary>The stride of the first convolution, 1 or 2.</summary>
    public int StemStride { get; init; } = 1;

    /// <summary>Output channels of each group of residual blocks.</summary>
    public int[] Channels { get; init; } = [16, 32, 64];

    /// <summary>Blocks of each group; as many as there are groups.</summary>
    public int[] Blocks { get; init; } = [1, 1, 1];

    /// <summary>Channels of the predictor's first convolution.</summary>
    public int PredictorChannels { get; init; } = 8;

    /// <summary>The share of training after which the predictor chooses without noise, as it does at inference.</summary>
    public float NoiseUntil { get; init; } = 0.7f;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        ArgumentNullException.ThrowIfNull(Rows);
        ArgumentNullException.ThrowIfNull(Channels);
        ArgumentNullException.ThrowIfNull(Blocks);
        OptionsCheck.Range(Rows.Length, 1, 8, "The number of resolutions in " + nameof(Rows));
        for (int k = 0; k < Rows.Length; k++)
        {
            OptionsCheck.Range(Rows[k], k == 0 ? 4 : Rows[k - 1] + 1, Height, $"Resolution {k} in {nameof(Rows)}");
        }

        OptionsCheck.Range(StemStride, 1, 2, nameof(StemStride));
        OptionsCheck.Range(Channels.Length, 1, 8, "The number of groups in " + nameof(Channels));
        OptionsCheck.Range(Blocks.Length, Channels.Length, Channels.Length, "The number of groups in " + nameof(Blocks));
        OptionsCheck.RangeAll(Channels, 1, 4096, nameof(Channels));
        OptionsCheck.RangeAll(Blocks, 1, 64, nameof(Blocks));
        OptionsCheck.Range(PredictorChannels, 1, 1024, nameof(PredictorChannels));
        OptionsCheck.Range(NoiseUntil, 0, 1, nameof(NoiseUntil));
    }

    /// <summary>Rows and columns of a resolution.</summary>
    /// <param name="resolution">From 0.</param>
    public (int Height, int Width) SizeOf(int resolution) => (Rows[resolution], Math.Max(1, (int)Math.Round((double)Rows[resolution] * Width / Height)));

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static ResolutionNetOptions Read(OptionsReader reader)
    {
        ResolutionNetOptions options = ReadImage(reader, new ResolutionNetOptions()) with
        {
            Rows = reader.Integers("rows", 8, 4, 4096),
            StemStride = reader.Integer("stem_stride", 1, 2),
            Channels = reader.Integers("channels", 8, 1, 4096),
            Blocks = reader.Integers("blocks", 8, 1, 64),
            PredictorChannels = reader.Integer("predictor_channels", 1, 1024),
            NoiseUntil = (float)reader.Real("noise_until", 0, 1),
        };
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "dynamic-resolution");
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteImage(writer);
        OptionsWriter.Integers(writer, "rows", Rows);
        writer.WriteNumber("stem_stride", StemStride);
        OptionsWriter.Integers(writer, "channels", Channels);
        OptionsWriter.Integers(writer, "blocks", Blocks);
        writer.WriteNumber("predictor_channels", PredictorChannels);
        writer.WriteNumber("noise_until", NoiseUntil);
        writer.WriteEndObject();
    }
}
