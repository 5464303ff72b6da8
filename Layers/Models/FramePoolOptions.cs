using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a <see cref="FramePool"/>.</summary>
public sealed record FramePoolOptions : VideoModelOptions
{
    /// <summary>Whether frames that hardly differ from the last one looked at get its features.</summary>
    public bool Reuses { get; init; }

    /// <summary>The mean absolute change of a frame's values that is still let pass; 0: only frames of the same bits are not looked at.</summary>
    public float Threshold { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Threshold, 0, Reuses ? 1e6 : 0, nameof(Threshold));
    }

    internal static FramePoolOptions Read(OptionsReader reader)
    {
        FramePoolOptions options = ReadVideo(reader, new FramePoolOptions
        {
            Reuses = reader.Flag("reuses"),
            Threshold = (float)reader.Real("threshold", 0, 1e6),
        });
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "options of frame-pool");
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteVideo(writer);
        writer.WriteBoolean("reuses", Reuses);
        writer.WriteNumber("threshold", Threshold);
        writer.WriteEndObject();
    }
}
