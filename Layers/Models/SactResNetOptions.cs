using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a residual network in whose groups each pixel runs as many units as it needs.</summary>
public sealed record SactResNetOptions
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

    /// <summary>Units of each group; as many as there are groups.</summary>
    public int[] Units { get; init; } = [2, 2, 2];

    /// <summary>ε: a pixel halts when its scores reach 1 − ε.</summary>
    public float Epsilon { get; init; } = 0.01f;

    /// <summary>The bias of the scores at the beginning.</summary>
    public float Start { get; init; } = -1;

    /// <summary>Checks that the sizes make a network.</summary>
    /// <exception cref="ArgumentException">They do not; the message names the option, its value and what is expected.</exception>
    public void Validate()
    {
        Require(Height, 4, 4096, nameof(Height));
        Require(Width, 4, 4096, nameof(Width));
        Require(InputChannels, 1, 4096, nameof(InputChannels));
        Require(Classes, 2, 65536, nameof(Classes));
        Require(StemStride, 1, 2, nameof(StemStride));
        Require(Channels.Length, 1, 8, "The number of groups in " + nameof(Channels));
        Require(Units.Length, Channels.Length, Channels.Length, "The number of groups in " + nameof(Units));
        foreach (int channels in Channels)
        {
            Require(channels, 1, 4096, nameof(Channels));
        }

        foreach (int units in Units)
        {
            Require(units, 1, 256, nameof(Units));
        }

        if (!(Epsilon is >= 0 and < 1) || !float.IsFinite(Start))
        {
            throw new ArgumentException($"{nameof(Epsilon)} is {Epsilon} and {nameof(Start)} {Start}; expected 0 or more and less than 1, and a finite number.");
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static SactResNetOptions Read(OptionsReader reader)
    {
        SactResNetOptions options = new()
        {
            Height = reader.Integer("height", 4, 4096),
            Width = reader.Integer("width", 4, 4096),
            InputChannels = reader.Integer("input_channels", 1, 4096),
            Classes = reader.Integer("classes", 2, 65536),
            StemStride = reader.Integer("stem_stride", 1, 2),
            Channels = reader.Integers("channels", 8, 1, 4096),
            Units = reader.Integers("units", 8, 1, 256),
            Epsilon = (float)reader.Real("epsilon", 0, 0.999),
            Start = (float)reader.Real("start", -100, 100),
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
        OptionsWriter.Integers(writer, "units", Units);
        writer.WriteNumber("epsilon", Epsilon);
        writer.WriteNumber("start", Start);
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
