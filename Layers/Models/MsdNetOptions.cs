using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of an <see cref="MsdNet"/>.</summary>
public sealed record MsdNetOptions : ImageModelOptions
{
    private const int MaximumBlocks = 64;

    /// <summary>The number of scales; each has half the rows and columns of the one before it.</summary>
    public int Scales { get; init; } = 3;

    /// <summary>The stride of the first convolution: 1 keeps the image's size as the finest scale, 2 halves it.</summary>
    public int StemStride { get; init; } = 1;

    /// <summary>Channels of the finest scale after the first layer; scale s has this times its growth factor.</summary>
    public int BaseChannels { get; init; } = 16;

    /// <summary>Channels that each layer adds to the finest scale; scale s adds this times its growth factor.</summary>
    public int GrowthRate { get; init; } = 16;

    /// <summary>The growth factor of each scale, finest first; as many as there are scales.</summary>
    public int[] GrowthFactors { get; init; } = [1, 2, 4];

    /// <summary>
    /// Width of the 1×1 convolution before each 3×3, in multiples of the channels that the 3×3 gives, by scale; never wider than its input.
    /// </summary>
    public int[] BottleneckFactors { get; init; } = [1, 1, 1];

    /// <summary>The number of layers of each block; there is an exit after each block.</summary>
    public int[] LayersPerBlock { get; init; } = [1, 1, 1, 1];

    /// <summary>Whether fine scales are given up as depth grows, evenly over the layers, as in the paper's section 4 ("network reduction").</summary>
    public bool DropsScales { get; init; } = true;

    /// <summary>The share of channels that a transition keeps where a scale is given up.</summary>
    public float Reduction { get; init; } = 0.5f;

    /// <summary>Channels of the two 3×3 convolutions of each exit's classifier.</summary>
    public int ClassifierChannels { get; init; } = 64;

    /// <summary>The number of layers of all blocks.</summary>
    public int LayerCount
    {
        get
        {
            int count = 0;
            foreach (int layers in LayersPerBlock)
            {
                count += layers;
            }

            return count;
        }
    }

    /// <summary>What of the answer before is added to each answer, 0 to 1: above 0 the exits are a boosted sum.</summary>
    public float ExitCarry { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Scales, 1, 6, nameof(Scales));
        OptionsCheck.Range(StemStride, 1, 2, nameof(StemStride));
        OptionsCheck.Range(BaseChannels, 1, 1024, nameof(BaseChannels));
        OptionsCheck.Range(GrowthRate, 2, 1024, nameof(GrowthRate));
        OptionsCheck.Range(ClassifierChannels, 1, 4096, nameof(ClassifierChannels));
        RequireList(GrowthFactors, Scales, Scales, nameof(GrowthFactors));
        RequireList(BottleneckFactors, Scales, Scales, nameof(BottleneckFactors));
        RequireList(LayersPerBlock, 1, 64, nameof(LayersPerBlock));
        if (!(ExitCarry is >= 0 and <= 1))
        {
            throw new ArgumentException($"{nameof(ExitCarry)} is {ExitCarry}; expected 0 to 1.");
        }

        if (!(Reduction is > 0f and <= 1f))
        {
            throw new ArgumentException(FormattableString.Invariant($"Reduction is {Reduction}; expected more than 0 and at most 1."));
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static MsdNetOptions Read(OptionsReader reader)
    {
        MsdNetOptions options = ReadImage(reader, new MsdNetOptions
        {
            Scales = reader.Integer("scales", 1, 6),
            StemStride = reader.Integer("stem_stride", 1, 2),
            BaseChannels = reader.Integer("base_channels", 1, 1024),
            GrowthRate = reader.Integer("growth_rate", 2, 1024),
            GrowthFactors = reader.Integers("growth_factors", MaximumBlocks, 1, 64),
            BottleneckFactors = reader.Integers("bottleneck_factors", MaximumBlocks, 1, 64),
            LayersPerBlock = reader.Integers("layers_per_block", MaximumBlocks, 1, 64),
            DropsScales = reader.Flag("drops_scales"),
            Reduction = (float)reader.Real("reduction", 0.01, 1),
            ClassifierChannels = reader.Integer("classifier_channels", 1, 4096),
            ExitCarry = reader.Has("exit_carry") ? (float)reader.Real("exit_carry", 0, 1) : 0,
        });
        reader.Finish();
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteImage(writer);
        writer.WriteNumber("scales", Scales);
        writer.WriteNumber("stem_stride", StemStride);
        writer.WriteNumber("base_channels", BaseChannels);
        writer.WriteNumber("growth_rate", GrowthRate);
        OptionsWriter.Integers(writer, "growth_factors", GrowthFactors);
        OptionsWriter.Integers(writer, "bottleneck_factors", BottleneckFactors);
        OptionsWriter.Integers(writer, "layers_per_block", LayersPerBlock);
        writer.WriteBoolean("drops_scales", DropsScales);
        writer.WriteNumber("reduction", Reduction);
        writer.WriteNumber("classifier_channels", ClassifierChannels);
        if (ExitCarry > 0)
        {
            writer.WriteNumber("exit_carry", ExitCarry);
        }

        writer.WriteEndObject();
    }

    private static void RequireList(int[] values, int least, int most, string name)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Length < least || values.Length > most)
        {
            throw new ArgumentException($"{name} has {values.Length} values; expected {(least == most ? $"{least}" : $"{least} to {most}")}.");
        }

        foreach (int value in values)
        {
            OptionsCheck.Range(value, 1, 64, name);
        }
    }
}
