using System;
using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a residual network that chooses the pixels on which each block runs.</summary>
public sealed record SparseResNetOptions : ImageModelOptions
{
    /// <summary>The stride of the first convolution, 1 or 2.</summary>
    public int StemStride { get; init; } = 1;

    /// <summary>
    /// Whether the network begins as those for ImageNet do, with a 7×7 convolution and 3×3 pooling of stride 2; else with a 3×3 convolution.
    /// </summary>
    public bool HasLargeStem { get; init; }

    /// <summary>Output channels of each group.</summary>
    public int[] Channels { get; init; } = [16, 32, 64];

    /// <summary>Blocks of each group; as many as there are groups.</summary>
    public int[] Blocks { get; init; } = [1, 1, 1];

    /// <summary>Output channels to one channel within a bottleneck, 4 in the paper; 0: basic blocks.</summary>
    public int Expansion { get; init; }

    /// <summary>
    /// Rows and columns of the blocks of pixels that masks are made of: 1, 2, 4 or 8. Where a map has fewer than four of them in a direction they are halved.
    /// </summary>
    public int Granularity { get; init; } = 4;

    /// <summary>Neighbouring channels within a block that a gate keeps or leaves out together, chosen besides the pixels; 0: all channels are kept.</summary>
    public int ChannelGroup { get; init; }

    /// <summary>The share of training in which all pixels are active, before masks are learned, 0 to 1.</summary>
    public double DenseShare { get; init; }

    /// <summary>The share of training in which masks are drawn with noise, 0 to 1. Noise lets long trainings explore; short ones it costs accuracy.</summary>
    public double NoiseShare { get; init; } = MaskUnit.UsualNoiseShare;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(StemStride, 1, 2, nameof(StemStride));
        OptionsCheck.Range(Channels.Length, 1, 8, "The number of groups in " + nameof(Channels));
        OptionsCheck.Range(Blocks.Length, Channels.Length, Channels.Length, "The number of groups in " + nameof(Blocks));
        OptionsCheck.Range(Expansion, 0, 64, nameof(Expansion));
        OptionsCheck.Range(ChannelGroup, 0, 4096, nameof(ChannelGroup));
        OptionsCheck.Range(DenseShare, 0, 1, nameof(DenseShare));
        OptionsCheck.Range(NoiseShare, 0, 1, nameof(NoiseShare));
        if (Granularity is not (1 or 2 or 4 or 8))
        {
            throw new ArgumentException($"{nameof(Granularity)} is {Granularity}; expected 1, 2, 4 or 8.");
        }

        foreach (int channels in Channels)
        {
            OptionsCheck.Range(channels, Math.Max(1, Expansion), 4096, nameof(Channels));
        }

        foreach (int blocks in Blocks)
        {
            OptionsCheck.Range(blocks, 1, 256, nameof(Blocks));
        }
    }

    /// <summary>The granularity of the masks of a map.</summary>
    /// <param name="height">The map's rows.</param>
    /// <param name="width">The map's columns.</param>
    public int GranularityOf(int height, int width)
    {
        int granularity = Granularity;
        while (granularity > 1 && (Math.Min(height, width) + granularity - 1) / granularity < 4)
        {
            granularity /= 2;
        }

        return granularity;
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static SparseResNetOptions Read(OptionsReader reader)
    {
        SparseResNetOptions options = ReadImage(reader, new SparseResNetOptions
        {
            StemStride = reader.Integer("stem_stride", 1, 2),
            HasLargeStem = reader.Flag("large_stem"),
            Channels = reader.Integers("channels", 8, 1, 4096),
            Blocks = reader.Integers("blocks", 8, 1, 256),
            Expansion = reader.Integer("expansion", 0, 64),
            Granularity = reader.Integer("granularity", 1, 8),

            // Files of before there were gates for channels, or a dense start, have none, and the usual noise.
            ChannelGroup = reader.Has("channel_group") ? reader.Integer("channel_group", 0, 4096) : 0,
            DenseShare = reader.Has("dense_share") ? reader.Real("dense_share", 0, 1) : 0,
            NoiseShare = reader.Has("noise_share") ? reader.Real("noise_share", 0, 1) : MaskUnit.UsualNoiseShare,
        });
        reader.Finish();
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteImage(writer);
        writer.WriteNumber("stem_stride", StemStride);
        writer.WriteBoolean("large_stem", HasLargeStem);
        OptionsWriter.Integers(writer, "channels", Channels);
        OptionsWriter.Integers(writer, "blocks", Blocks);
        writer.WriteNumber("expansion", Expansion);
        writer.WriteNumber("granularity", Granularity);
        writer.WriteNumber("channel_group", ChannelGroup);
        writer.WriteNumber("dense_share", DenseShare);
        writer.WriteNumber("noise_share", NoiseShare);
        writer.WriteEndObject();
    }
}
