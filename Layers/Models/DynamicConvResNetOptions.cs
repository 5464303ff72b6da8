using System;
using System.Text.Json;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a <see cref="DynamicConvResNet"/>: a stem, and groups of basic blocks, each group at half the size of the one before.</summary>
public sealed record DynamicConvResNetOptions : ImageModelOptions
{
    private static readonly string[] KindNames = ["condconv", "dy-cnn", "weightnet", "dfn", "hyper"];

    /// <summary>What makes the kernels of the blocks.</summary>
    public DynamicConvKind Kind { get; init; } = DynamicConvKind.CondConv;

    /// <summary>Kernels that are mixed; for WeightNet M = G, the values of α for each output channel; of no matter to the others.</summary>
    public int Experts { get; init; } = 4;

    /// <summary>
    /// What the input's channels are divided by for the hidden layer of an attention or a filter generator, and the channels of the first group for the
    /// embeddings of a hypernetwork; no layer is narrower than 4.
    /// </summary>
    public int Reduction { get; init; } = 4;

    /// <summary>The stride of the first convolution, 1 or 2.</summary>
    public int StemStride { get; init; } = 1;

    /// <summary>Channels of each group; with a hypernetwork multiples of the first.</summary>
    public int[] Channels { get; init; } = [8, 16, 32];

    /// <summary>Basic blocks of each group; as many as there are groups.</summary>
    public int[] Blocks { get; init; } = [1, 1, 1];

    /// <inheritdoc/>
    public override void Validate()
    {
        OptionsCheck.Range((int)Kind, 0, KindNames.Length - 1, nameof(Kind));
        OptionsCheck.Range(Experts, 1, 256, nameof(Experts));
        OptionsCheck.Range(Reduction, 1, 256, nameof(Reduction));
        Backbone().Validate();
        foreach (int channels in Channels)
        {
            if (Kind == DynamicConvKind.Hyper && channels % Channels[0] != 0)
            {
                throw new ArgumentException($"Channels is {channels} in one group; expected a multiple of the first group's {Channels[0]} with a hypernetwork.");
            }

            if (Kind == DynamicConvKind.WeightNet && channels * 9 % Experts != 0)
            {
                throw new ArgumentException($"Experts is {Experts}; expected a divisor of the {channels * 9} kernel entries of an output channel with WeightNet.");
            }
        }
    }

    /// <summary>The static network of the same sizes.</summary>
    public ResNetOptions Backbone() => new()
    {
        Height = Height,
        Width = Width,
        InputChannels = InputChannels,
        Classes = Classes,
        StemStride = StemStride,
        Channels = Channels,
        Blocks = Blocks,
    };

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static DynamicConvResNetOptions Read(OptionsReader reader)
    {
        DynamicConvResNetOptions options = ReadImage(reader, new DynamicConvResNetOptions
        {
            Kind = ReadKind(reader),
            Experts = reader.Integer("experts", 1, 256),
            Reduction = reader.Integer("reduction", 1, 256),
            StemStride = reader.Integer("stem_stride", 1, 2),
            Channels = reader.Integers("channels", 8, 1, 4096),
            Blocks = reader.Integers("blocks", 8, 1, 256),
        });
        reader.Finish();
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", KindNames[(int)Kind]);
        writer.WriteNumber("experts", Experts);
        writer.WriteNumber("reduction", Reduction);
        WriteImage(writer);
        writer.WriteNumber("stem_stride", StemStride);
        OptionsWriter.Integers(writer, "channels", Channels);
        OptionsWriter.Integers(writer, "blocks", Blocks);
        writer.WriteEndObject();
    }

    private static DynamicConvKind ReadKind(OptionsReader reader)
    {
        string name = reader.Text("kind", 32);
        int index = Array.IndexOf(KindNames, name);
        return index >= 0
            ? (DynamicConvKind)index
            : throw new ModelFormatException("the kind of dynamic-conv-resnet", -1, FileText.Quote(name), "one of " + string.Join(", ", KindNames));
    }
}
