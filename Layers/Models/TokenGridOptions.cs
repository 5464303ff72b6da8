using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a <see cref="TokenGrid"/>.</summary>
public sealed record TokenGridOptions : ImageModelOptions
{
    /// <summary>G: coarse tokens in each direction.</summary>
    public int Grid { get; init; } = 4;

    /// <summary>Pixels of a patch in each direction.</summary>
    public int Patch { get; init; } = 4;

    /// <summary>Coarse tokens that are split into four in the second stage.</summary>
    public int Split { get; init; } = 6;

    /// <summary>Channels of a token.</summary>
    public int TokenWidth { get; init; } = 64;

    /// <summary>Heads of attention, a divisor of the tokens' width.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Units of the layers' hidden products.</summary>
    public int Hidden { get; init; } = 128;

    /// <summary>Layers of the transformer.</summary>
    public int Layers { get; init; } = 4;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Grid, 1, 64, nameof(Grid));
        OptionsCheck.Range(Patch, 1, 64, nameof(Patch));
        OptionsCheck.Range(2.0 * Grid * Patch, 1, 4096, $"Twice {nameof(Grid)} times {nameof(Patch)}, the pixels of a side,");
        OptionsCheck.Range(Split, 1, Grid * Grid, nameof(Split));
        OptionsCheck.Range(Heads, 1, 64, nameof(Heads));
        OptionsCheck.Range(TokenWidth, Heads, 4096, nameof(TokenWidth));
        OptionsCheck.Range(TokenWidth % Heads, 0, 0, $"The remainder of {nameof(TokenWidth)} by {nameof(Heads)}");
        OptionsCheck.Range(Hidden, 1, 16384, nameof(Hidden));
        OptionsCheck.Range(Layers, 1, 64, nameof(Layers));
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static TokenGridOptions Read(OptionsReader reader)
    {
        TokenGridOptions options = ReadImage(reader, new TokenGridOptions()) with
        {
            Grid = reader.Integer("grid", 1, 64),
            Patch = reader.Integer("patch", 1, 64),
            Split = reader.Integer("split", 1, 4096),
            TokenWidth = reader.Integer("token_width", 1, 4096),
            Heads = reader.Integer("heads", 1, 64),
            Hidden = reader.Integer("hidden", 1, 16384),
            Layers = reader.Integer("layers", 1, 64),
        };
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "token-grid");
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteImage(writer);
        writer.WriteNumber("grid", Grid);
        writer.WriteNumber("patch", Patch);
        writer.WriteNumber("split", Split);
        writer.WriteNumber("token_width", TokenWidth);
        writer.WriteNumber("heads", Heads);
        writer.WriteNumber("hidden", Hidden);
        writer.WriteNumber("layers", Layers);
        writer.WriteEndObject();
    }
}
