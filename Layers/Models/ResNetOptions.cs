using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a residual network: a stem, and groups of basic blocks, each group at half the size of the one before.</summary>
public sealed record ResNetOptions
{
    /// <summary>Rows of an input image.</summary>
    public int Height { get; init; } = 32;

    /// <summary>Columns of an input image.</summary>
    public int Width { get; init; } = 32;

    /// <summary>Channels of an input image.</summary>
    public int InputChannels { get; init; } = 3;

    /// <summary>The number of classes.</summary>
    public int Classes { get; init; } = 10;

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

    /// <summary>Checks that the sizes make a network.</summary>
    /// <exception cref="ArgumentException">They do not; the message names the option, its value and what is expected.</exception>
    public void Validate()
    {
        Require(Height, 4, 4096, nameof(Height));
        Require(Width, 4, 4096, nameof(Width));
        Require(InputChannels, 1, 4096, nameof(InputChannels));
        Require(Classes, 2, 65536, nameof(Classes));
        Require(StemStride, 1, 2, nameof(StemStride));
        if (!(ExitCarry is >= 0 and <= 1))
        {
            throw new ArgumentException($"{nameof(ExitCarry)} is {ExitCarry}; expected 0 to 1.");
        }

        Require(Channels.Length, 1, 8, "The number of groups in " + nameof(Channels));
        Require(Blocks.Length, Channels.Length, Channels.Length, "The number of groups in " + nameof(Blocks));
        foreach (int channels in Channels)
        {
            Require(channels, 1, 4096, nameof(Channels));
        }

        foreach (int blocks in Blocks)
        {
            Require(blocks, 1, 256, nameof(Blocks));
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static ResNetOptions Read(OptionsReader reader)
    {
        ResNetOptions options = new()
        {
            Height = reader.Integer("height", 4, 4096),
            Width = reader.Integer("width", 4, 4096),
            InputChannels = reader.Integer("input_channels", 1, 4096),
            Classes = reader.Integer("classes", 2, 65536),
            StemStride = reader.Integer("stem_stride", 1, 2),
            Channels = reader.Integers("channels", 8, 1, 4096),
            Blocks = reader.Integers("blocks", 8, 1, 256),
            HasIntermediateClassifiers = reader.Flag("intermediate_classifiers"),
            ExitCarry = reader.Has("exit_carry") ? (float)reader.Real("exit_carry", 0, 1) : 0,
        };
        reader.Finish();
        return options;
    }

    /// <summary>Writes the sizes as one JSON object.</summary>
    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("height", Height);
        writer.WriteNumber("width", Width);
        writer.WriteNumber("input_channels", InputChannels);
        writer.WriteNumber("classes", Classes);
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

    private static void Require(int value, int least, int most, string name)
    {
        if (value < least || value > most)
        {
            throw new ArgumentException($"{name} is {value}; expected {(least == most ? $"{least}" : $"{least} to {most}")}.");
        }
    }
}
