using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a <see cref="GlanceAndFocus"/>.</summary>
public sealed record GlanceAndFocusOptions : ImageModelOptions
{
    /// <summary>Rows and columns of the image to one of the glance: 2 makes it a quarter of the pixels.</summary>
    public int Reduction { get; init; } = 2;

    /// <summary>
    /// The rows and columns of a patch as a share of the image's; 0: patches are as large as the glance. Larger ones cost more but tell more to those that
    /// the glance leaves unsure, who are few.
    /// </summary>
    public double PatchShare { get; init; }

    /// <summary>Patches looked at after the glance, at most.</summary>
    public int Patches { get; init; } = 3;

    /// <summary>Places of patches in each direction.</summary>
    public int Grid { get; init; } = 3;

    /// <summary>The stride of the first convolution of both encoders, 1 or 2.</summary>
    public int StemStride { get; init; } = 1;

    /// <summary>Output channels of each group of residual blocks of both encoders.</summary>
    public int[] Channels { get; init; } = [16, 32, 64];

    /// <summary>Blocks of each group; as many as there are groups.</summary>
    public int[] Blocks { get; init; } = [1, 1, 1];

    /// <summary>Values that the classifier remembers of what was seen.</summary>
    public int Hidden { get; init; } = 64;

    /// <summary>Channels that the policy brings features to.</summary>
    public int PolicyChannels { get; init; } = 4;

    /// <summary>Values that the policy remembers.</summary>
    public int PolicyHidden { get; init; } = 32;

    /// <summary>The share of training in which patches are drawn evenly and the policy does not learn.</summary>
    public float WarmUp { get; init; } = 0.4f;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Reduction, 1, 64, nameof(Reduction));
        OptionsCheck.Range(PatchShare, 0, 1, nameof(PatchShare));
        OptionsCheck.Range(Patches, 1, 32, nameof(Patches));
        OptionsCheck.Range(Grid, 1, 32, nameof(Grid));
        OptionsCheck.Range(Hidden, 1, 4096, nameof(Hidden));
        OptionsCheck.Range(PolicyChannels, 1, 1024, nameof(PolicyChannels));
        OptionsCheck.Range(PolicyHidden, 1, 4096, nameof(PolicyHidden));
        OptionsCheck.Range(WarmUp, 0, 1, nameof(WarmUp));
        Encoder(4, 4).Validate();
    }

    /// <summary>Rows of the glance.</summary>
    public int GlanceHeight => Math.Max(1, Height / Reduction);

    /// <summary>Columns of the glance.</summary>
    public int GlanceWidth => Math.Max(1, Width / Reduction);

    /// <summary>Rows of a patch.</summary>
    public int PatchHeight => PatchShare == 0 ? GlanceHeight : Math.Max(1, (int)(Height * PatchShare));

    /// <summary>Columns of a patch.</summary>
    public int PatchWidth => PatchShare == 0 ? GlanceWidth : Math.Max(1, (int)(Width * PatchShare));

    /// <summary>The encoder's sizes as those of a residual network.</summary>
    internal ResNetOptions Encoder(int height, int width) => new()
    {
        Height = height,
        Width = width,
        InputChannels = InputChannels,
        Classes = Classes,
        StemStride = StemStride,
        Channels = Channels,
        Blocks = Blocks,
    };

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static GlanceAndFocusOptions Read(OptionsReader reader)
    {
        GlanceAndFocusOptions options = ReadImage(reader, new GlanceAndFocusOptions()) with
        {
            Reduction = reader.Integer("reduction", 1, 64),
            PatchShare = reader.Has("patch_share") ? reader.Real("patch_share", 0, 1) : 0,
            Patches = reader.Integer("patches", 1, 32),
            Grid = reader.Integer("grid", 1, 32),
            StemStride = reader.Integer("stem_stride", 1, 2),
            Channels = reader.Integers("channels", 8, 1, 4096),
            Blocks = reader.Integers("blocks", 8, 1, 64),
            Hidden = reader.Integer("hidden", 1, 4096),
            PolicyChannels = reader.Integer("policy_channels", 1, 1024),
            PolicyHidden = reader.Integer("policy_hidden", 1, 4096),
            WarmUp = (float)reader.Real("warm_up", 0, 1),
        };
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "glance-and-focus");
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteImage(writer);
        writer.WriteNumber("reduction", Reduction);
        writer.WriteNumber("patch_share", PatchShare);
        writer.WriteNumber("patches", Patches);
        writer.WriteNumber("grid", Grid);
        writer.WriteNumber("stem_stride", StemStride);
        OptionsWriter.Integers(writer, "channels", Channels);
        OptionsWriter.Integers(writer, "blocks", Blocks);
        writer.WriteNumber("hidden", Hidden);
        writer.WriteNumber("policy_channels", PolicyChannels);
        writer.WriteNumber("policy_hidden", PolicyHidden);
        writer.WriteNumber("warm_up", WarmUp);
        writer.WriteEndObject();
    }
}
