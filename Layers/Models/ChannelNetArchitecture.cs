using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="ChannelNet"/>, static or with any way to choose channels.</summary>
internal sealed class ChannelNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "channel-net";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is ChannelNetOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => ChannelNet.Create(ChannelNetOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((ChannelNetOptions)network.Recipe!).Write(writer);
}
