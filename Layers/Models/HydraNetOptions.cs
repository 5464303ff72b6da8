using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a network with a shared trunk and branches of which each input takes some.</summary>
public sealed record HydraNetOptions : ImageModelOptions
{
    /// <summary>Channels of each group of the trunk.</summary>
    public int[] Channels { get; init; } = [8, 24];

    /// <summary>Channels of the branches.</summary>
    public int BranchChannels { get; init; } = 32;

    /// <summary>Residual blocks of each branch.</summary>
    public int BranchBlocks { get; init; } = 1;

    /// <summary>The number of branches.</summary>
    public int Branches { get; init; } = 4;

    /// <summary>How many branches an input takes.</summary>
    public int Active { get; init; } = 1;

    /// <summary>The share of training in which all branches run, weighed, from 0 to 1.</summary>
    public double SoftShare { get; init; } = 0.5;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range(Channels.Length, 1, 8, "The number of groups in " + nameof(Channels));
        OptionsCheck.RangeAll(Channels, 1, 4096, nameof(Channels));
        OptionsCheck.Range(BranchChannels, 1, 4096, nameof(BranchChannels));
        OptionsCheck.Range(BranchBlocks, 1, 64, nameof(BranchBlocks));
        OptionsCheck.Range(Branches, 1, 256, nameof(Branches));
        OptionsCheck.Range(Active, 1, Branches, nameof(Active));
        OptionsCheck.Range(SoftShare, 0, 1, nameof(SoftShare));
    }

    internal static HydraNetOptions Read(OptionsReader reader)
    {
        HydraNetOptions options = ReadImage(reader, new HydraNetOptions
        {
            Channels = reader.Integers("channels", 8, 1, 4096),
            BranchChannels = reader.Integer("branch_channels", 1, 4096),
            BranchBlocks = reader.Integer("branch_blocks", 1, 64),
            Branches = reader.Integer("branches", 1, 256),
            Active = reader.Integer("active", 1, 256),
            SoftShare = reader.Has("soft_share") ? reader.Real("soft_share", 0, 1) : 0.5,
        });
        reader.Finish();
        return options;
    }

    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteImage(writer);
        OptionsWriter.Integers(writer, "channels", Channels);
        writer.WriteNumber("branch_channels", BranchChannels);
        writer.WriteNumber("branch_blocks", BranchBlocks);
        writer.WriteNumber("branches", Branches);
        writer.WriteNumber("active", Active);
        writer.WriteNumber("soft_share", SoftShare);
        writer.WriteEndObject();
    }
}
