using System;
using System.Text.Json;
using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a <see cref="RefinementNet"/>.</summary>
public sealed record RefinementNetOptions : ModelOptions
{
    /// <summary>Rows and columns of an input are a multiple of this.</summary>
    public const int SizeMultiple = 4;

    /// <summary>Rows of an image that it is trained on; others may have another size.</summary>
    public int Height { get; init; } = 64;

    /// <summary>Columns of an image that it is trained on.</summary>
    public int Width { get; init; } = 64;

    /// <summary>Channels of an image.</summary>
    public int InputChannels { get; init; } = 3;

    /// <summary>Classes of a map of labels, or channels of a picture.</summary>
    public int Outputs { get; init; } = 5;

    /// <summary>A map of labels or a picture.</summary>
    public AnswerKind Answers { get; init; } = AnswerKind.LabelMap;

    /// <summary>Channels at full, half and quarter size.</summary>
    public int[] Channels { get; init; } = [24, 32, 48];

    /// <summary>Residual blocks at quarter size.</summary>
    public int Blocks { get; init; } = 2;

    /// <summary>Whether the expensive pass runs everywhere and alone answers: the static counterpart, of one stage.</summary>
    public bool IsStatic { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        ArgumentNullException.ThrowIfNull(Channels);
        OptionsCheck.Range(Height, SizeMultiple, 4096, nameof(Height));
        OptionsCheck.Range(Width, SizeMultiple, 4096, nameof(Width));
        if (Height % SizeMultiple != 0 || Width % SizeMultiple != 0)
        {
            throw new ArgumentException($"Images are {Height} x {Width}; expected multiples of {SizeMultiple}.", nameof(Height));
        }

        OptionsCheck.Range(InputChannels, 1, 64, nameof(InputChannels));
        OptionsCheck.Range(Outputs, Answers == AnswerKind.LabelMap ? 2 : 1, 256, nameof(Outputs));
        OptionsCheck.Range((int)Answers, (int)AnswerKind.LabelMap, (int)AnswerKind.Picture, nameof(Answers));
        OptionsCheck.Range(Channels.Length, 3, 3, "The number of sizes");
        OptionsCheck.RangeAll(Channels, 1, 1024, nameof(Channels));
        OptionsCheck.Range(Blocks, 0, 64, nameof(Blocks));
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static RefinementNetOptions Read(OptionsReader reader)
    {
        RefinementNetOptions options = new()
        {
            Height = reader.Integer("height", SizeMultiple, 4096),
            Width = reader.Integer("width", SizeMultiple, 4096),
            InputChannels = reader.Integer("input_channels", 1, 64),
            Outputs = reader.Integer("outputs", 1, 256),
            Answers = reader.Flag("picture") ? AnswerKind.Picture : AnswerKind.LabelMap,
            Channels = reader.Integers("channels", 3, 1, 1024),
            Blocks = reader.Integer("blocks", 0, 64),
            IsStatic = reader.Flag("static"),
        };
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "refinement-net");
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("height", Height);
        writer.WriteNumber("width", Width);
        writer.WriteNumber("input_channels", InputChannels);
        writer.WriteNumber("outputs", Outputs);
        writer.WriteBoolean("picture", Answers == AnswerKind.Picture);
        OptionsWriter.Integers(writer, "channels", Channels);
        writer.WriteNumber("blocks", Blocks);
        writer.WriteBoolean("static", IsStatic);
        writer.WriteEndObject();
    }
}
