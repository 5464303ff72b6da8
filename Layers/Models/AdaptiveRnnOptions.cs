using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// The sizes of a recurrent classifier that chooses what to read, what to update and how long to think. Units of variable computation are always gated ones, those of
/// hierarchical layers never.
/// </summary>
public sealed record AdaptiveRnnOptions : RecurrentModelOptions
{
    private static readonly string[] Methods = ["jump", "variable", "hierarchical", "ponder"];

    /// <summary>What is decided.</summary>
    public AdaptiveMethod Method { get; init; }

    /// <summary>Steps read before each jump.</summary>
    public int Reads { get; init; } = 4;

    /// <summary>The longest jump, in steps.</summary>
    public int LongestJump { get; init; } = 8;

    /// <summary>The most jumps of a sequence.</summary>
    public int Jumps { get; init; } = 8;

    /// <summary>Units that variable computation chooses together; divides <see cref="RecurrentModelOptions.Units"/>.</summary>
    public int BlockSize { get; init; } = 16;

    /// <summary>Hierarchical layers one above the other, at least 2.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>The most updates at a step, where the layer ponders.</summary>
    public int Updates { get; init; } = 4;

    /// <summary>The score of halting that pondering begins with, before the sigmoid.</summary>
    public float Start { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range((int)Method, 0, Methods.Length - 1, nameof(Method));
        OptionsCheck.Range(Reads, 1, 65536, nameof(Reads));
        OptionsCheck.Range(LongestJump, 1, 65536, nameof(LongestJump));
        OptionsCheck.Range(Jumps, 0, 65536, nameof(Jumps));
        OptionsCheck.Range(BlockSize, 1, 8192, nameof(BlockSize));
        OptionsCheck.Range(Method == AdaptiveMethod.Variable ? Units % BlockSize : 0, 0, 0, nameof(Units) + " modulo " + nameof(BlockSize));
        OptionsCheck.Range(Layers, 2, 16, nameof(Layers));
        OptionsCheck.Range(Updates, 1, 64, nameof(Updates));
        OptionsCheck.Range(Start, -100, 100, nameof(Start));
    }

    internal static AdaptiveRnnOptions Read(OptionsReader reader)
    {
        AdaptiveRnnOptions options = ReadRecurrent(reader, new AdaptiveRnnOptions
        {
            Method = (AdaptiveMethod)OptionsCheck.Choice(reader, "method", Methods),
            Reads = reader.Integer("reads", 1, 65536),
            LongestJump = reader.Integer("longest_jump", 1, 65536),
            Jumps = reader.Integer("jumps", 0, 65536),
            BlockSize = reader.Integer("block_size", 1, 8192),
            Layers = reader.Integer("layers", 2, 16),
            Updates = reader.Integer("updates", 1, 64),
            Start = (float)reader.Real("start", -100, 100),
        });
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "options of adaptive-rnn");
        return options;
    }

    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteSequence(writer);
        writer.WriteString("method", Methods[(int)Method]);
        WriteCell(writer);
        writer.WriteNumber("reads", Reads);
        writer.WriteNumber("longest_jump", LongestJump);
        writer.WriteNumber("jumps", Jumps);
        writer.WriteNumber("block_size", BlockSize);
        writer.WriteNumber("layers", Layers);
        writer.WriteNumber("updates", Updates);
        writer.WriteNumber("start", Start);
        writer.WriteNumber("dropout", Dropout);
        writer.WriteEndObject();
    }
}
