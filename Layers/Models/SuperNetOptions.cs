using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a supernet whose layers have candidate blocks, one of which each input takes.</summary>
public sealed record SuperNetOptions : ImageModelOptions
{
    private const int MostLayers = 64;

    /// <summary>The stride of the first convolution, 1 or 2.</summary>
    public int StemStride { get; init; } = 1;

    /// <summary>Channels of each layer; a layer that changes them halves the map.</summary>
    public int[] Channels { get; init; } = [8, 16, 16, 32, 32];

    /// <summary>
    /// The candidates of each layer, as inner channels in percent of the layer's channels, ascending; 0: no convolutions, left out where the layer changes
    /// the shape.
    /// </summary>
    public int[] WidthPercents { get; init; } = [0, 25, 50, 100];

    /// <summary>Channels of the controller's first convolution.</summary>
    public int ControllerChannels { get; init; } = 8;

    /// <summary>Whether the candidates of a layer share weights; narrower ones then have the first inner channels of the widest.</summary>
    public bool SharesWeights { get; init; }

    /// <summary>The share of training with random paths, from 0 to 1.</summary>
    public double OneShotShare { get; init; } = 0.5;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(StemStride, 1, 2, nameof(StemStride));
        OptionsCheck.Range(Channels.Length, 1, MostLayers, "The number of layers in " + nameof(Channels));
        OptionsCheck.RangeAll(Channels, 1, 4096, nameof(Channels));
        OptionsCheck.Range(WidthPercents.Length, 1, 16, "The number of candidates in " + nameof(WidthPercents));
        OptionsCheck.RangeAll(WidthPercents, 0, 400, nameof(WidthPercents));
        OptionsCheck.Range(WidthPercents[^1], 1, 400, "The last of " + nameof(WidthPercents));
        OptionsCheck.Range(ControllerChannels, 1, 1024, nameof(ControllerChannels));
        OptionsCheck.Range(OneShotShare, 0, 1, nameof(OneShotShare));
        for (int i = 1; i < WidthPercents.Length; i++)
        {
            OptionsCheck.Range(WidthPercents[i], WidthPercents[i - 1] + 1, 400, $"Number {i} of " + nameof(WidthPercents));
        }
    }

    /// <summary>The inner channels of a layer's candidates.</summary>
    /// <param name="layer">The layer, from 0.</param>
    internal int[] InnerChannels(int layer)
    {
        bool isPlain = layer == 0 || Channels[layer] == Channels[layer - 1];
        int[] percents = isPlain || WidthPercents[0] > 0 ? WidthPercents : WidthPercents[1..];
        return Array.ConvertAll(percents, percent => percent == 0 ? 0 : Math.Max(1, percent * Channels[layer] / 100));
    }

    internal static SuperNetOptions Read(OptionsReader reader)
    {
        SuperNetOptions options = ReadImage(reader, new SuperNetOptions
        {
            StemStride = reader.Integer("stem_stride", 1, 2),
            Channels = reader.Integers("channels", MostLayers, 1, 4096),
            WidthPercents = reader.Integers("width_percents", 16, 0, 400),
            ControllerChannels = reader.Integer("controller_channels", 1, 1024),
            SharesWeights = reader.Has("shares_weights") && reader.Flag("shares_weights"),
            OneShotShare = reader.Has("one_shot_share") ? reader.Real("one_shot_share", 0, 1) : 0.5,
        });
        reader.Finish();
        return options;
    }

    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteImage(writer);
        writer.WriteNumber("stem_stride", StemStride);
        OptionsWriter.Integers(writer, "channels", Channels);
        OptionsWriter.Integers(writer, "width_percents", WidthPercents);
        writer.WriteNumber("controller_channels", ControllerChannels);
        writer.WriteBoolean("shares_weights", SharesWeights);
        writer.WriteNumber("one_shot_share", OneShotShare);
        writer.WriteEndObject();
    }
}
