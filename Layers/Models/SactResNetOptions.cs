using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a residual network in whose groups each pixel runs as many units as it needs.</summary>
public sealed record SactResNetOptions : ImageModelOptions
{
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

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(StemStride, 1, 2, nameof(StemStride));
        OptionsCheck.Range(Channels.Length, 1, 8, "The number of groups in " + nameof(Channels));
        OptionsCheck.Range(Units.Length, Channels.Length, Channels.Length, "The number of groups in " + nameof(Units));
        foreach (int channels in Channels)
        {
            OptionsCheck.Range(channels, 1, 4096, nameof(Channels));
        }

        foreach (int units in Units)
        {
            OptionsCheck.Range(units, 1, 256, nameof(Units));
        }

        if (!(Epsilon is >= 0 and < 1) || !float.IsFinite(Start))
        {
            throw new ArgumentException($"{nameof(Epsilon)} is {Epsilon} and {nameof(Start)} {Start}; expected 0 or more and less than 1, and a finite number.");
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static SactResNetOptions Read(OptionsReader reader)
    {
        SactResNetOptions options = ReadImage(reader, new SactResNetOptions
        {
            StemStride = reader.Integer("stem_stride", 1, 2),
            Channels = reader.Integers("channels", 8, 1, 4096),
            Units = reader.Integers("units", 8, 1, 256),
            Epsilon = (float)reader.Real("epsilon", 0, 0.999),
            Start = (float)reader.Real("start", -100, 100),
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
        OptionsWriter.Integers(writer, "units", Units);
        writer.WriteNumber("epsilon", Epsilon);
        writer.WriteNumber("start", Start);
        writer.WriteEndObject();
    }
}
