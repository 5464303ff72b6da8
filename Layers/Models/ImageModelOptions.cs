using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>What every network that sorts images into classes is told: the size of an image and the number of classes.</summary>
public abstract record ImageModelOptions : ModelOptions
{
    /// <summary>Rows of an input image.</summary>
    public int Height { get; init; } = 32;

    /// <summary>Columns of an input image.</summary>
    public int Width { get; init; } = 32;

    /// <summary>Channels of an input image.</summary>
    public int InputChannels { get; init; } = 3;

    /// <summary>The number of classes.</summary>
    public int Classes { get; init; } = 10;

    /// <inheritdoc/>
    public override void Validate()
    {
        OptionsCheck.Range(Height, 4, 4096, nameof(Height));
        OptionsCheck.Range(Width, 4, 4096, nameof(Width));
        OptionsCheck.Range(InputChannels, 1, 4096, nameof(InputChannels));
        OptionsCheck.Range(Classes, 2, 65536, nameof(Classes));
    }

    /// <summary>The same options with the image's sizes and the classes that <see cref="WriteImage"/> wrote.</summary>
    internal static T ReadImage<T>(OptionsReader reader, T options)
        where T : ImageModelOptions => (T)(options with
        {
            Height = reader.Integer("height", 4, 4096),
            Width = reader.Integer("width", 4, 4096),
            InputChannels = reader.Integer("input_channels", 1, 4096),
            Classes = reader.Integer("classes", 2, 65536),
        });

    internal void WriteImage(Utf8JsonWriter writer)
    {
        writer.WriteNumber("height", Height);
        writer.WriteNumber("width", Width);
        writer.WriteNumber("input_channels", InputChannels);
        writer.WriteNumber("classes", Classes);
    }
}
