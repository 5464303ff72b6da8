using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="MsdNet"/>.</summary>
internal sealed class MsdNetArchitecture : ModelArchitecture
{
    private const int MaximumBlocks = 64;

    /// <inheritdoc/>
    public override string Name => "msdnet";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is MsdNetOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options)
    {
        OptionsReader reader = new(options, Name);
        MsdNetOptions sizes = new()
        {
            Height = reader.Integer("height", 4, 4096),
            Width = reader.Integer("width", 4, 4096),
            InputChannels = reader.Integer("input_channels", 1, 4096),
            Classes = reader.Integer("classes", 2, 65536),
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
        };
        reader.Finish();
        return new MsdNet(sizes);
    }

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network)
    {
        MsdNetOptions sizes = (MsdNetOptions)network.Recipe!;
        writer.WriteStartObject();
        writer.WriteNumber("height", sizes.Height);
        writer.WriteNumber("width", sizes.Width);
        writer.WriteNumber("input_channels", sizes.InputChannels);
        writer.WriteNumber("classes", sizes.Classes);
        writer.WriteNumber("scales", sizes.Scales);
        writer.WriteNumber("stem_stride", sizes.StemStride);
        writer.WriteNumber("base_channels", sizes.BaseChannels);
        writer.WriteNumber("growth_rate", sizes.GrowthRate);
        OptionsWriter.Integers(writer, "growth_factors", sizes.GrowthFactors);
        OptionsWriter.Integers(writer, "bottleneck_factors", sizes.BottleneckFactors);
        OptionsWriter.Integers(writer, "layers_per_block", sizes.LayersPerBlock);
        writer.WriteBoolean("drops_scales", sizes.DropsScales);
        writer.WriteNumber("reduction", sizes.Reduction);
        writer.WriteNumber("classifier_channels", sizes.ClassifierChannels);
        if (sizes.ExitCarry > 0)
        {
            writer.WriteNumber("exit_carry", sizes.ExitCarry);
        }

        writer.WriteEndObject();
    }
}
