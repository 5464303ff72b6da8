using System;
using System.Text.Json;
using ManagedDyn.Layers.InstanceWise.DynamicRouting;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes and the shape of a convolutional network that is a tree.</summary>
public sealed record AdaptiveTreeOptions : ImageModelOptions
{
    /// <summary>Channels of the convolutions on edges.</summary>
    public int Channels { get; init; } = 24;

    /// <summary>Channels of the routers' convolutions.</summary>
    public int RouterChannels { get; init; } = 12;

    /// <summary>How many convolutions on each way halve the map.</summary>
    public int Reductions { get; init; } = 2;

    /// <summary>The nodes in preorder: convolutions on the edge to a leaf, or −1 − convolutions on the edge to a split, which its children follow.</summary>
    public int[] Nodes { get; init; } = [-2, -3, 1, 1, -3, 1, 1];

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Channels, 1, 4096, nameof(Channels));
        OptionsCheck.Range(RouterChannels, 1, 4096, nameof(RouterChannels));
        OptionsCheck.Range(Reductions, 0, 8, nameof(Reductions));
        OptionsCheck.Range(Math.Min(Height, Width) >> Reductions, 1, 4096, "The image's smaller side after all reductions");
        _ = TreeNodeShape.Parse(Nodes);
    }

    internal static AdaptiveTreeOptions Read(OptionsReader reader)
    {
        AdaptiveTreeOptions options = ReadImage(reader, new AdaptiveTreeOptions
        {
            Channels = reader.Integer("channels", 1, 4096),
            RouterChannels = reader.Integer("router_channels", 1, 4096),
            Reductions = reader.Integer("reductions", 0, 8),
            Nodes = reader.Integers("nodes", TreeNodeShape.MaximumNodes, -1 - TreeNodeShape.MaximumTransformers, TreeNodeShape.MaximumTransformers),
        });
        reader.Finish();
        return options;
    }

    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteImage(writer);
        writer.WriteNumber("channels", Channels);
        writer.WriteNumber("router_channels", RouterChannels);
        writer.WriteNumber("reductions", Reductions);
        OptionsWriter.Integers(writer, "nodes", Nodes);
        writer.WriteEndObject();
    }
}
