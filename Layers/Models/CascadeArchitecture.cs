using System;
using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="ResNet.CreateCascade(bool, ReadOnlySpan{ResNetOptions})"/>.</summary>
internal sealed class CascadeArchitecture : ModelArchitecture
{
    private const int MaximumMembers = 16;

    /// <inheritdoc/>
    public override string Name => "cascade";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is ResNetOptions[];

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options)
    {
        OptionsReader reader = new(options, Name);
        ResNetOptions[] members = Array.ConvertAll(reader.Objects("members", MaximumMembers), ResNetOptions.Read);

        // Files of earlier versions say nothing of gates.
        bool hasExitGates = reader.Has("has_exit_gates") && reader.Flag("has_exit_gates");
        reader.Finish();
        return ResNet.CreateCascade(hasExitGates, members);
    }

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("members");
        foreach (ResNetOptions member in (ResNetOptions[])network.Recipe!)
        {
            member.Write(writer);
        }

        writer.WriteEndArray();
        writer.WriteBoolean("has_exit_gates", network.HasExitGates);
        writer.WriteEndObject();
    }
}
