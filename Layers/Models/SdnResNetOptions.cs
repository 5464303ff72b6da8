using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>A residual network with classifiers attached after some of its blocks.</summary>
public sealed record SdnResNetOptions : ModelOptions
{
    /// <summary>The static network, without intermediate classifiers of its own.</summary>
    public ResNetOptions Backbone { get; init; } = new();

    /// <summary>The blocks that a classifier comes after, counted over all groups from 1; ascending, and none of them the last.</summary>
    public int[] After { get; init; } = [1];

    /// <summary>Rows and columns that features are pooled to before a classifier.</summary>
    public int PooledSize { get; init; } = 4;

    /// <inheritdoc/>
    public override void Validate()
    {
        Backbone.Validate();
        int blocks = 0;
        foreach (int count in Backbone.Blocks)
        {
            blocks += count;
        }

        int previous = 0;
        foreach (int block in After)
        {
            if (block <= previous || block >= blocks)
            {
                throw new ArgumentException($"{nameof(After)} holds {block} after {previous}; expected ascending numbers below {blocks}, the number of blocks.");
            }

            previous = block;
        }

        if (Backbone.HasIntermediateClassifiers || PooledSize is < 1 or > 64)
        {
            throw new ArgumentException($"{nameof(PooledSize)} is {PooledSize}; expected 1 to 64, and a backbone with one classifier.");
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static SdnResNetOptions Read(OptionsReader reader)
    {
        SdnResNetOptions options = new()
        {
            Backbone = ResNetOptions.Read(reader.Object("backbone")),
            After = reader.Integers("after", 256, 1, 4096),
            PooledSize = reader.Integer("pooled_size", 1, 64),
        };
        reader.Finish();
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("backbone");
        Backbone.Write(writer);
        OptionsWriter.Integers(writer, "after", After);
        writer.WriteNumber("pooled_size", PooledSize);
        writer.WriteEndObject();
    }
}
