using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a <see cref="FrameExit"/>.</summary>
public sealed record FrameExitOptions : VideoModelOptions
{
    /// <summary>Values of the first layer of a gate.</summary>
    public int GateHidden { get; init; } = 32;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(GateHidden, 2, 4096, nameof(GateHidden));
    }

    internal static FrameExitOptions Read(OptionsReader reader)
    {
        FrameExitOptions options = ReadVideo(reader, new FrameExitOptions { GateHidden = reader.Integer("gate_hidden", 2, 4096) });
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "options of frame-exit");
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteVideo(writer);
        writer.WriteNumber("gate_hidden", GateHidden);
        writer.WriteEndObject();
    }
}
