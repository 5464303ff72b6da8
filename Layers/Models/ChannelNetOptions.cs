using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a plain convolutional network whose channels are chosen for each input, and how they are.</summary>
public sealed record ChannelNetOptions : ImageModelOptions
{
    /// <summary>Channels of each convolution; the first one is always computed whole. Others are multiples of the group size.</summary>
    public int[] Channels { get; init; } = [32, 48, 64, 64];

    /// <summary>The stride of each convolution, 1 or 2.</summary>
    public int[] Strides { get; init; } = [2, 1, 2, 1];

    /// <summary>How channels are chosen.</summary>
    public ChannelMethod Method { get; init; }

    /// <summary>Channels that are chosen together.</summary>
    public int GroupSize { get; init; } = 8;

    /// <summary>The share of groups that <see cref="ChannelMethod.Boosted"/> keeps; others learn theirs.</summary>
    public double Density { get; init; } = 0.5;

    /// <summary>The threshold that <see cref="ChannelMethod.Gated"/> is drawn to.</summary>
    public double Threshold { get; init; } = 1;

    /// <summary>The parts that <see cref="ChannelMethod.Gated"/> cuts input channels into, one of which is always taken.</summary>
    public int Partitions { get; init; } = 4;

    /// <summary>Whether <see cref="ChannelMethod.Gated"/> shuffles input channels before it cuts them; then the parts must divide those of each layer but the last.</summary>
    public bool ShufflesChannels { get; init; }

    /// <summary>Nested groups of <see cref="ChannelMethod.Pruned"/>, widths of <see cref="ChannelMethod.Slimmable"/>: each a multiple of channels / widths.</summary>
    public int Widths { get; init; } = 4;

    /// <summary>Units between in what decides.</summary>
    public int GateUnits { get; init; } = 16;

    /// <summary>The share of training in which <see cref="ChannelMethod.Slimmable"/> trains all widths before its gates.</summary>
    public double WarmUp { get; init; } = 0.5;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Channels.Length, 2, 64, "The number of convolutions in " + nameof(Channels));
        OptionsCheck.Range(Strides.Length, Channels.Length, Channels.Length, "The number of convolutions in " + nameof(Strides));
        OptionsCheck.Range((int)Method, 0, (int)ChannelMethod.Slimmable, nameof(Method));
        OptionsCheck.Range(GroupSize, 1, 4096, nameof(GroupSize));
        OptionsCheck.Range(Widths, 1, 64, nameof(Widths));
        OptionsCheck.Range(Partitions, 2, 64, nameof(Partitions));
        OptionsCheck.Range(GateUnits, 1, 4096, nameof(GateUnits));
        OptionsCheck.Range(Density, 1e-3, 1, nameof(Density));
        OptionsCheck.Range(Threshold, -100, 100, nameof(Threshold));
        OptionsCheck.Range(WarmUp, 0, 1, nameof(WarmUp));
        for (int i = 0; i < Channels.Length; i++)
        {
            OptionsCheck.Range(Strides[i], 1, 2, nameof(Strides));
            OptionsCheck.Range(Channels[i], 2, 4096, nameof(Channels));
            int unit = Method is ChannelMethod.Pruned or ChannelMethod.Slimmable ? Widths : Method == ChannelMethod.Static ? 1 : GroupSize;
            if (ShufflesChannels && Method == ChannelMethod.Gated && i + 1 < Channels.Length && Channels[i] % Partitions != 0)
            {
                throw new ArgumentException($"Convolution {i} in {nameof(Channels)} has {Channels[i]} channels, which are shuffled; expected a multiple of {Partitions}.");
            }

            if (i > 0 && Channels[i] % unit != 0)
            {
                throw new ArgumentException($"Convolution {i} in {nameof(Channels)} has {Channels[i]} channels; expected a multiple of {unit}.");
            }
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static ChannelNetOptions Read(OptionsReader reader)
    {
        ChannelNetOptions options = ReadImage(reader, new ChannelNetOptions
        {
            Channels = reader.Integers("channels", 64, 2, 4096),
            Strides = reader.Integers("strides", 64, 1, 2),
            Method = (ChannelMethod)OptionsCheck.Choice(reader, "method", Methods),
            GroupSize = reader.Integer("group_size", 1, 4096),
            Density = reader.Real("density", 1e-3, 1),
            Threshold = reader.Real("threshold", -100, 100),
            Partitions = reader.Integer("partitions", 2, 64),
            ShufflesChannels = reader.Has("shuffles_channels") && reader.Flag("shuffles_channels"),
            Widths = reader.Integer("widths", 1, 64),
            GateUnits = reader.Integer("gate_units", 1, 4096),
            WarmUp = reader.Real("warm_up", 0, 1),
        });
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "options of channel-net");
        return options;
    }

    private static string[] Methods => ["static", "boosted", "gated", "pruned", "gater", "slimmable"];

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteImage(writer);
        OptionsWriter.Integers(writer, "channels", Channels);
        OptionsWriter.Integers(writer, "strides", Strides);
        writer.WriteString("method", Methods[(int)Method]);
        writer.WriteNumber("group_size", GroupSize);
        writer.WriteNumber("density", Density);
        writer.WriteNumber("threshold", Threshold);
        writer.WriteNumber("partitions", Partitions);
        writer.WriteBoolean("shuffles_channels", ShufflesChannels);
        writer.WriteNumber("widths", Widths);
        writer.WriteNumber("gate_units", GateUnits);
        writer.WriteNumber("warm_up", WarmUp);
        writer.WriteEndObject();
    }
}
