using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a <see cref="TransformedResNet"/>.</summary>
public sealed record TransformedResNetOptions : ImageModelOptions
{
    private static readonly string[] TransformNames = ["affine", "thin-plate"];

    /// <summary>Whether images are bent by a thin-plate spline, else by an affine map.</summary>
    public bool IsThinPlate { get; init; }

    /// <summary>Control points of a spline in each direction.</summary>
    public int Controls { get; init; } = 4;

    /// <summary>Rows and columns of the image to those of what the classifier sees.</summary>
    public int Reduction { get; init; } = 1;

    /// <summary>Channels of the localization network's first convolution; the second has twice as many.</summary>
    public int LocalizationChannels { get; init; } = 8;

    /// <summary>The stride of the classifier's first convolution, 1 or 2.</summary>
    public int StemStride { get; init; } = 1;

    /// <summary>Output channels of each group of residual blocks.</summary>
    public int[] Channels { get; init; } = [16, 32, 64];

    /// <summary>Blocks of each group; as many as there are groups.</summary>
    public int[] Blocks { get; init; } = [1, 1, 1];

    /// <summary>Rows of what the classifier sees.</summary>
    public int SeenHeight => Math.Max(4, Height / Reduction);

    /// <summary>Columns of what the classifier sees.</summary>
    public int SeenWidth => Math.Max(4, Width / Reduction);

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Controls, 2, 16, nameof(Controls));
        OptionsCheck.Range(Reduction, 1, 64, nameof(Reduction));
        OptionsCheck.Range(LocalizationChannels, 1, 1024, nameof(LocalizationChannels));

        // The spline's basis is a matrix of control points by pixels.
        OptionsCheck.Range(SeenHeight * SeenWidth, 1, IsThinPlate ? (1 << 22) / (Controls * Controls) : 1 << 24, "The number of pixels that are seen");
        Backbone().Validate();
    }

    /// <summary>The classifier as a residual network.</summary>
    internal ResNetOptions Backbone() => new()
    {
        Height = SeenHeight,
        Width = SeenWidth,
        InputChannels = InputChannels,
        Classes = Classes,
        StemStride = StemStride,
        Channels = Channels,
        Blocks = Blocks,
    };

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static TransformedResNetOptions Read(OptionsReader reader)
    {
        TransformedResNetOptions options = ReadImage(reader, new TransformedResNetOptions()) with
        {
            IsThinPlate = OptionsCheck.Choice(reader, "transform", TransformNames) == 1,
            Controls = reader.Integer("controls", 2, 16),
            Reduction = reader.Integer("reduction", 1, 64),
            LocalizationChannels = reader.Integer("localization_channels", 1, 1024),
            StemStride = reader.Integer("stem_stride", 1, 2),
            Channels = reader.Integers("channels", 8, 1, 4096),
            Blocks = reader.Integers("blocks", 8, 1, 64),
        };
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "spatial-transformer");
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteImage(writer);
        writer.WriteString("transform", TransformNames[IsThinPlate ? 1 : 0]);
        writer.WriteNumber("controls", Controls);
        writer.WriteNumber("reduction", Reduction);
        writer.WriteNumber("localization_channels", LocalizationChannels);
        writer.WriteNumber("stem_stride", StemStride);
        OptionsWriter.Integers(writer, "channels", Channels);
        OptionsWriter.Integers(writer, "blocks", Blocks);
        writer.WriteEndObject();
    }
}
