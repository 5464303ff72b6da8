using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="MixtureNet"/>.</summary>
internal sealed class MixtureNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "mixture";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is MixtureNetOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => MixtureNet.Create(MixtureNetOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((MixtureNetOptions)network.Recipe!).Write(writer);
}
