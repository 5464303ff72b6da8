using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of an <see cref="ArNet"/>.</summary>
public sealed record ArNetOptions : VideoModelOptions
{
    /// <summary>Rows and columns of a frame to one of the policy's.</summary>
    public int Reduction { get; init; } = 4;

    /// <summary>
    /// Rows and columns of a frame to one of each network's, by rising cost: 2, 1 has one network that sees frames at half their size and one that sees them whole.
    /// </summary>
    public int[] Reductions { get; init; } = [2, 1];

    /// <summary>Lengths of the skips.</summary>
    public int[] Skips { get; init; } = [1, 2, 4];

    /// <summary>Output channels of each convolution of what the policy sees with.</summary>
    public int[] PolicyChannels { get; init; } = [8, 16];

    /// <summary>Units of the policy's memory.</summary>
    public int PolicyHidden { get; init; } = 32;

    /// <summary>The share of training after which choices are no longer drawn.</summary>
    public float NoiseUntil { get; init; } = 0.8f;

    /// <summary>What the logits of the networks begin with above those of the skips.</summary>
    public float Openness { get; init; } = 1;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Reduction, 1, 64, nameof(Reduction));
        OptionsCheck.Range(Reductions.Length, 1, 8, "The number of networks in " + nameof(Reductions));
        OptionsCheck.RangeAll(Reductions, 1, 64, nameof(Reductions));
        for (int i = 1; i < Reductions.Length; i++)
        {
            OptionsCheck.Range(Reductions[i], 1, Reductions[i - 1], nameof(Reductions));
        }

        OptionsCheck.Range(Skips.Length, 0, 8, "The number of skips in " + nameof(Skips));
        OptionsCheck.RangeAll(Skips, 1, 4096, nameof(Skips));
        OptionsCheck.Range(PolicyChannels.Length, 1, 8, "The number of convolutions in " + nameof(PolicyChannels));
        OptionsCheck.RangeAll(PolicyChannels, 1, 4096, nameof(PolicyChannels));
        OptionsCheck.Range(PolicyHidden, 1, 4096, nameof(PolicyHidden));
        OptionsCheck.Range(NoiseUntil, 0, 1, nameof(NoiseUntil));
        OptionsCheck.Range(Openness, -100, 100, nameof(Openness));
    }

    internal static ArNetOptions Read(OptionsReader reader)
    {
        ArNetOptions options = ReadVideo(reader, new ArNetOptions
        {
            Reduction = reader.Integer("reduction", 1, 64),
            Reductions = reader.Integers("reductions", 8, 1, 64),
            Skips = reader.Integers("skips", 8, 1, 4096),
            PolicyChannels = reader.Integers("policy_channels", 8, 1, 4096),
            PolicyHidden = reader.Integer("policy_hidden", 1, 4096),
            NoiseUntil = (float)reader.Real("noise_until", 0, 1),
            Openness = (float)reader.Real("openness", -100, 100),
        });
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "options of ar-net");
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteVideo(writer);
        writer.WriteNumber("reduction", Reduction);
        OptionsWriter.Integers(writer, "reductions", Reductions);
        OptionsWriter.Integers(writer, "skips", Skips);
        OptionsWriter.Integers(writer, "policy_channels", PolicyChannels);
        writer.WriteNumber("policy_hidden", PolicyHidden);
        writer.WriteNumber("noise_until", NoiseUntil);
        writer.WriteNumber("openness", Openness);
        writer.WriteEndObject();
    }
}
