using System;
using System.Text.Json;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a residual network with attention, and which attention and activation it has.</summary>
public sealed record AttentiveResNetOptions : ImageModelOptions
{
    private static readonly string[] KnownAttentions = ["none", "se", "srm", "eca", "spatial", "bam", "cbam", "sk"];
    private static readonly string[] KnownActivations = ["relu", "dyrelu-a", "dyrelu-b", "dyrelu-c", "frelu", "acon", "meta-acon"];

    /// <summary>The attentions that there are, "none" first.</summary>
    public static ReadOnlySpan<string> Attentions => KnownAttentions;

    /// <summary>The activations that there are, "relu" first.</summary>
    public static ReadOnlySpan<string> Activations => KnownActivations;

    /// <summary>The stride of the first convolution, 1 or 2.</summary>
    public int StemStride { get; init; } = 2;

    /// <summary>Channels of each group.</summary>
    public int[] Channels { get; init; } = [16, 32, 64];

    /// <summary>Basic blocks of each group; as many as there are groups.</summary>
    public int[] Blocks { get; init; } = [1, 1, 1];

    /// <summary>The attention in every block: one of <see cref="Attentions"/>.</summary>
    public string Attention { get; init; } = "se";

    /// <summary>The activation in every block: one of <see cref="Activations"/>.</summary>
    public string Activation { get; init; } = "relu";

    /// <summary>Channels over the hidden width of attentions and activations that have a hidden layer.</summary>
    public int Reduction { get; init; } = 8;

    /// <inheritdoc/>
    public override void Validate()
    {
        Backbone().Validate();
        if (Reduction is < 1 or > 4096)
        {
            throw new ArgumentException($"{nameof(Reduction)} is {Reduction}; expected 1 to 4096.");
        }

        Require(Attention, KnownAttentions, nameof(Attention));
        Require(Activation, KnownActivations, nameof(Activation));
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static AttentiveResNetOptions Read(OptionsReader reader)
    {
        AttentiveResNetOptions options = ReadImage(reader, new AttentiveResNetOptions
        {
            StemStride = reader.Integer("stem_stride", 1, 2),
            Channels = reader.Integers("channels", 8, 1, 4096),
            Blocks = reader.Integers("blocks", 8, 1, 256),
            Attention = reader.Text("attention", 16),
            Activation = reader.Text("activation", 16),
            Reduction = reader.Integer("reduction", 1, 4096),
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
        writer.WriteString("attention", Attention);
        writer.WriteString("activation", Activation);
        writer.WriteNumber("reduction", Reduction);
        writer.WriteEndObject();
    }

    // The same network without attention: its sizes have the same bounds.
    private ResNetOptions Backbone() => new()
    {
        Height = Height,
        Width = Width,
        InputChannels = InputChannels,
        Classes = Classes,
        StemStride = StemStride,
        Channels = Channels,
        Blocks = Blocks,
    };

    private static void Require(string value, string[] known, string name)
    {
        if (Array.IndexOf(known, value) < 0)
        {
            throw new ArgumentException($"{name} is {FileText.Quote(value)}; expected one of {string.Join(", ", known)}.");
        }
    }
}
