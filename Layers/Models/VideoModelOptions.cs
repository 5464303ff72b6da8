using System;
using System.Text.Json;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Models;

/// <summary>What every network that sorts videos into classes is told: the sizes of a video, the number of classes, and the encoder of frames.</summary>
public abstract record VideoModelOptions : ModelOptions
{
    /// <summary>Frames of a video.</summary>
    public int Frames { get; init; } = 16;

    /// <summary>Rows of a frame.</summary>
    public int Height { get; init; } = 32;

    /// <summary>Columns of a frame.</summary>
    public int Width { get; init; } = 32;

    /// <summary>Channels of a frame.</summary>
    public int InputChannels { get; init; } = 1;

    /// <summary>The number of classes.</summary>
    public int Classes { get; init; } = 10;

    /// <summary>Output channels of each convolution of the encoder, each of which halves the frame; the last is the number of features.</summary>
    public int[] Channels { get; init; } = [16, 32, 64];

    /// <summary>[frames, height, width, channels].</summary>
    internal Shape SampleShape => new(Frames, Height, Width, InputChannels);

    /// <summary>One frame as a batch.</summary>
    internal Shape FrameShape => new(1, Height, Width, InputChannels);

    /// <inheritdoc/>
    public override void Validate()
    {
        OptionsCheck.Range(Frames, 1, 4096, nameof(Frames));
        OptionsCheck.Range(Height, 4, 4096, nameof(Height));
        OptionsCheck.Range(Width, 4, 4096, nameof(Width));
        OptionsCheck.Range(InputChannels, 1, 64, nameof(InputChannels));
        OptionsCheck.Range(Classes, 2, 65536, nameof(Classes));
        OptionsCheck.Range(Channels.Length, 1, 8, "The number of convolutions in " + nameof(Channels));
        OptionsCheck.RangeAll(Channels, 1, 4096, nameof(Channels));
        if ((long)Frames * Height * Width * InputChannels > 1 << 28)
        {
            throw new ArgumentException($"A video of {Frames} frames of {Height} x {Width} x {InputChannels} was asked for; expected at most {1 << 28} values.");
        }
    }

    private protected static T ReadVideo<T>(OptionsReader reader, T options)
        where T : VideoModelOptions => (T)(options with
        {
            Frames = reader.Integer("frames", 1, 4096),
            Height = reader.Integer("height", 4, 4096),
            Width = reader.Integer("width", 4, 4096),
            InputChannels = reader.Integer("input_channels", 1, 64),
            Classes = reader.Integer("classes", 2, 65536),
            Channels = reader.Integers("channels", 8, 1, 4096),
        });

    private protected void WriteVideo(Utf8JsonWriter writer)
    {
        writer.WriteNumber("frames", Frames);
        writer.WriteNumber("height", Height);
        writer.WriteNumber("width", Width);
        writer.WriteNumber("input_channels", InputChannels);
        writer.WriteNumber("classes", Classes);
        OptionsWriter.Integers(writer, "channels", Channels);
    }
}
