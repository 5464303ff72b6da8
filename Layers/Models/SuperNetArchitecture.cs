using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="SuperNet"/>.</summary>
internal sealed class SuperNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "supernet";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is SuperNetOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => SuperNet.Create(SuperNetOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((SuperNetOptions)network.Recipe!).Write(writer);
}
