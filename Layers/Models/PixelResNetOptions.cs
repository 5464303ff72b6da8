using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a <see cref="PixelResNet"/>.</summary>
public sealed record PixelResNetOptions : ImageModelOptions
{
    private static readonly string[] Names = ["low-cost", "interpolated", "adaptively-connected"];

    /// <summary>What stands in the place of the 3×3 convolutions.</summary>
    public PixelOperation Operation { get; init; }

    /// <summary>The stride of the first convolution, 1 or 2.</summary>
    public int StemStride { get; init; } = 1;

    /// <summary>Output channels of each group.</summary>
    public int[] Channels { get; init; } = [16, 32, 64];

    /// <summary>Blocks of each group; as many as there are groups.</summary>
    public int[] Blocks { get; init; } = [1, 1, 1];

    /// <summary>Pixels from one that is always sampled to the next, where sums are interpolated.</summary>
    public int Grid { get; init; } = 2;

    /// <summary>Rows and columns of the blocks of pixels that are sampled together: 1, 2, 4 or 8.</summary>
    public int Granularity { get; init; } = 1;

    /// <summary>The share of training in which all pixels are sampled, before masks are learned, 0 to 1; of interpolated sums.</summary>
    public double DenseShare { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        ArgumentNullException.ThrowIfNull(Channels);
        ArgumentNullException.ThrowIfNull(Blocks);
        OptionsCheck.Range((int)Operation, 0, Names.Length - 1, nameof(Operation));
        OptionsCheck.Range(StemStride, 1, 2, nameof(StemStride));
        OptionsCheck.Range(Channels.Length, 1, 8, "The number of groups in " + nameof(Channels));
        OptionsCheck.Range(Blocks.Length, Channels.Length, Channels.Length, "The number of groups in " + nameof(Blocks));
        OptionsCheck.RangeAll(Channels, 1, 4096, nameof(Channels));
        OptionsCheck.RangeAll(Blocks, 1, 64, nameof(Blocks));
        OptionsCheck.Range(Grid, 1, 64, nameof(Grid));
        OptionsCheck.Range(DenseShare, 0, 1, nameof(DenseShare));
        if (Granularity is not (1 or 2 or 4 or 8))
        {
            throw new ArgumentException($"{nameof(Granularity)} is {Granularity}; expected 1, 2, 4 or 8.");
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static PixelResNetOptions Read(OptionsReader reader)
    {
        PixelResNetOptions options = ReadImage(reader, new PixelResNetOptions()) with
        {
            Operation = (PixelOperation)OptionsCheck.Choice(reader, "operation", Names),
            StemStride = reader.Integer("stem_stride", 1, 2),
            Channels = reader.Integers("channels", 8, 1, 4096),
            Blocks = reader.Integers("blocks", 8, 1, 64),
            Grid = reader.Integer("grid", 1, 64),
            Granularity = reader.Integer("granularity", 1, 8),
            DenseShare = reader.Has("dense_share") ? reader.Real("dense_share", 0, 1) : 0,
        };
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "pixel-resnet");
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteImage(writer);
        writer.WriteString("operation", Names[(int)Operation]);
        writer.WriteNumber("stem_stride", StemStride);
        OptionsWriter.Integers(writer, "channels", Channels);
        OptionsWriter.Integers(writer, "blocks", Blocks);
        writer.WriteNumber("grid", Grid);
        writer.WriteNumber("granularity", Granularity);
        writer.WriteNumber("dense_share", DenseShare);
        writer.WriteEndObject();
    }
}
