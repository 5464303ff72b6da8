using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of an <see cref="AdaFrame"/>.</summary>
public sealed record AdaFrameOptions : VideoModelOptions
{
    /// <summary>Frames looked at, at most; no more than there are.</summary>
    public int Looks { get; init; } = 8;

    /// <summary>Rows and columns of a frame to one of the memory's.</summary>
    public int Reduction { get; init; } = 4;

    /// <summary>Output channels of each convolution of what the memory is made by.</summary>
    public int[] MemoryChannels { get; init; } = [8, 16];

    /// <summary>Units of the LSTM.</summary>
    public int Hidden { get; init; } = 64;

    /// <summary>The share of training in which frames are drawn evenly and the policy does not learn.</summary>
    public float WarmUp { get; init; } = 0.4f;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Looks, 1, Frames, nameof(Looks));
        OptionsCheck.Range(Reduction, 1, 64, nameof(Reduction));
        OptionsCheck.Range(MemoryChannels.Length, 1, 8, "The number of convolutions in " + nameof(MemoryChannels));
        OptionsCheck.RangeAll(MemoryChannels, 1, 4096, nameof(MemoryChannels));
        OptionsCheck.Range(Hidden, 1, 4096, nameof(Hidden));
        OptionsCheck.Range(WarmUp, 0, 1, nameof(WarmUp));
    }

    /// <summary>Rows of a frame in the memory's eyes.</summary>
    internal int SmallHeight => Math.Max(1, Height / Reduction);

    /// <summary>Columns of a frame in the memory's eyes.</summary>
    internal int SmallWidth => Math.Max(1, Width / Reduction);

    internal static AdaFrameOptions Read(OptionsReader reader)
    {
        AdaFrameOptions options = ReadVideo(reader, new AdaFrameOptions
        {
            Looks = reader.Integer("looks", 1, 4096),
            Reduction = reader.Integer("reduction", 1, 64),
            MemoryChannels = reader.Integers("memory_channels", 8, 1, 4096),
            Hidden = reader.Integer("hidden", 1, 4096),
            WarmUp = (float)reader.Real("warm_up", 0, 1),
        });
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "options of ada-frame");
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteVideo(writer);
        writer.WriteNumber("looks", Looks);
        writer.WriteNumber("reduction", Reduction);
        OptionsWriter.Integers(writer, "memory_channels", MemoryChannels);
        writer.WriteNumber("hidden", Hidden);
        writer.WriteNumber("warm_up", WarmUp);
        writer.WriteEndObject();
    }
}
