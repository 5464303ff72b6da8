using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a residual network: a stem, and groups of basic blocks, each group at half the size of the one before.</summary>
public sealed record ResNetOptions : ImageModelOptions
{
    /// <summary>The stride of the first convolution, 1 or 2.</summary>
    public int StemStride { get; init; } = 1;

    /// <summary>Channels of each group.</summary>
    public int[] Channels { get; init; } = [16, 32, 64];

    /// <summary>Basic blocks of each group; as many as there are groups.</summary>
    public int[] Blocks { get; init; } = [1, 1, 1];

    /// <summary>
    /// Whether there is a classifier after every group; otherwise there is one at the end, and the network is static.
    /// </summary>
    public bool HasIntermediateClassifiers { get; init; }

    /// <summary>What of the answer before is added to each answer, 0 to 1: above 0 the exits are a boosted sum.</summary>
    public float ExitCarry { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(StemStride, 1, 2, nameof(StemStride));
        if (!(ExitCarry is >= 0 and <= 1))
        {
            throw new ArgumentException($"{nameof(ExitCarry)} is {ExitCarry}; expected 0 to 1.");
        }

        OptionsCheck.Range(Channels.Length, 1, 8, "The number of groups in " + nameof(Channels));
        OptionsCheck.Range(Blocks.Length, Channels.Length, Channels.Length, "The number of groups in " + nameof(Blocks));
        foreach (int channels in Channels)
        {
            OptionsCheck.Range(channels, 1, 4096, nameof(Channels));
        }

        foreach (int blocks in Blocks)
        {
            OptionsCheck.Range(blocks, 1, 256, nameof(Blocks));
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static ResNetOptions Read(OptionsReader reader)
    {
        ResNetOptions options = ReadImage(reader, new ResNetOptions
        {
            StemStride = reader.Integer("stem_stride", 1, 2),
            Channels = reader.Integers("channels", 8, 1, 4096),
            Blocks = reader.Integers("blocks", 8, 1, 256),
            HasIntermediateClassifiers = reader.Flag("intermediate_classifiers"),
            ExitCarry = reader.Has("exit_carry") ? (float)reader.Real("exit_carry", 0, 1) : 0,
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
        OptionsWriter.Integers(writer, "channels", Channels);
        OptionsWriter.Integers(writer, "blocks", Blocks);
        writer.WriteBoolean("intermediate_classifiers", HasIntermediateClassifiers);
        if (ExitCarry > 0)
        {
            writer.WriteNumber("exit_carry", ExitCarry);
        }

        writer.WriteEndObject();
    }
}
