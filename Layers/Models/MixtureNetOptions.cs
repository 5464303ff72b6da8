using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a network of residual mixtures of experts, fully connected or convolutional.</summary>
public sealed record MixtureNetOptions : ModelOptions
{
    /// <summary>Rows of an input image.</summary>
    public int Height { get; init; } = 28;

    /// <summary>Columns of an input image.</summary>
    public int Width { get; init; } = 28;

    /// <summary>Channels of an input image.</summary>
    public int InputChannels { get; init; } = 1;

    /// <summary>The number of classes.</summary>
    public int Classes { get; init; } = 10;

    /// <summary>Whether experts are convolutional; fully connected if not.</summary>
    public bool IsConvolutional { get; init; }

    /// <summary>
    /// Features or channels of each mixture; a layer before each brings them to its width: fully connected, or a convolution of stride 2.
    /// </summary>
    public int[] Channels { get; init; } = [128, 128];

    /// <summary>Units or channels within an expert, for each mixture.</summary>
    public int[] Hidden { get; init; } = [256, 256];

    /// <summary>Experts of each mixture; for two levels, groups · experts of a group.</summary>
    public int Experts { get; init; } = 8;

    /// <summary>How experts are chosen.</summary>
    public ExpertGating Gating { get; init; } = ExpertGating.TopK;

    /// <summary>k, how many experts run; on each level where there are two. Noisy gates take at least 2: the weight of a single one would be 1 whatever they say.</summary>
    public int Chosen { get; init; } = 2;

    /// <summary>Groups of experts where there are two levels.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>How many times its equal share of a batch an expert takes while training, for <see cref="ExpertGating.Switch"/>.</summary>
    public double Capacity { get; init; } = 1.25;

    private static string[] Gatings => ["static", "soft", "top-k", "switch", "hierarchical"];

    /// <inheritdoc/>
    public override void Validate()
    {
        OptionsCheck.Range(Height, 1, 4096, nameof(Height));
        OptionsCheck.Range(Width, 1, 4096, nameof(Width));
        OptionsCheck.Range(InputChannels, 1, 4096, nameof(InputChannels));
        OptionsCheck.Range((double)Height * Width * InputChannels, 1, 1 << 22, "The number of values of an image");
        OptionsCheck.Range(Classes, 2, 65536, nameof(Classes));
        OptionsCheck.Range(Channels.Length, 1, 32, "The number of mixtures in " + nameof(Channels));
        OptionsCheck.Range(Hidden.Length, Channels.Length, Channels.Length, "The number of mixtures in " + nameof(Hidden));
        OptionsCheck.Range(Experts, 1, 1024, nameof(Experts));
        OptionsCheck.Range((int)Gating, 0, (int)ExpertGating.Hierarchical, nameof(Gating));
        OptionsCheck.Range(Groups, 1, Experts, nameof(Groups));
        if (Experts % Groups != 0)
        {
            throw new ArgumentException($"{nameof(Experts)} is {Experts}; expected a multiple of the {Groups} groups.");
        }

        int most = Gating == ExpertGating.Hierarchical ? Math.Min(Groups, Experts / Groups) : Experts;
        OptionsCheck.Range(Chosen, Gating is ExpertGating.TopK or ExpertGating.Hierarchical && most > 1 ? 2 : 1, most, nameof(Chosen));
        OptionsCheck.Range(Capacity, 0.01, 1e6, nameof(Capacity));
        for (int i = 0; i < Channels.Length; i++)
        {
            OptionsCheck.Range(Channels[i], 1, 65536, nameof(Channels));
            OptionsCheck.Range(Hidden[i], 1, 65536, nameof(Hidden));
            OptionsCheck.Range((double)Hidden[i] * Experts * Channels[i], 1, 1 << 26, "The weights of a mixture's experts");
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static MixtureNetOptions Read(OptionsReader reader)
    {
        MixtureNetOptions options = new()
        {
            Height = reader.Integer("height", 1, 4096),
            Width = reader.Integer("width", 1, 4096),
            InputChannels = reader.Integer("input_channels", 1, 4096),
            Classes = reader.Integer("classes", 2, 65536),
            IsConvolutional = reader.Flag("convolutional"),
            Channels = reader.Integers("channels", 32, 1, 65536),
            Hidden = reader.Integers("hidden", 32, 1, 65536),
            Experts = reader.Integer("experts", 1, 1024),
            Gating = (ExpertGating)OptionsCheck.Choice(reader, "gating", Gatings),
            Chosen = reader.Integer("chosen", 1, 1024),
            Groups = reader.Integer("groups", 1, 1024),
            Capacity = reader.Real("capacity", 0.01, 1e6),
        };
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "options of mixture");
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("height", Height);
        writer.WriteNumber("width", Width);
        writer.WriteNumber("input_channels", InputChannels);
        writer.WriteNumber("classes", Classes);
        writer.WriteBoolean("convolutional", IsConvolutional);
        OptionsWriter.Integers(writer, "channels", Channels);
        OptionsWriter.Integers(writer, "hidden", Hidden);
        writer.WriteNumber("experts", Experts);
        writer.WriteString("gating", Gatings[(int)Gating]);
        writer.WriteNumber("chosen", Chosen);
        writer.WriteNumber("groups", Groups);
        writer.WriteNumber("capacity", Capacity);
        writer.WriteEndObject();
    }
}
