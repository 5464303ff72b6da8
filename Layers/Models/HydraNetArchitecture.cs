using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="HydraNet"/>.</summary>
internal sealed class HydraNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "hydranet";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is HydraNetOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => HydraNet.Create(HydraNetOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((HydraNetOptions)network.Recipe!).Write(writer);
}
