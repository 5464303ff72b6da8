using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="RaNet"/>.</summary>
internal sealed class RaNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "ranet";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is RaNetOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => new RaNet(RaNetOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((RaNetOptions)network.Recipe!).Write(writer);
}
