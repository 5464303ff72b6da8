using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="ScaleRouting"/>.</summary>
internal sealed class ScaleRoutingArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "scale-routing";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is ScaleRoutingOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => ScaleRouting.Create(ScaleRoutingOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((ScaleRoutingOptions)network.Recipe!).Write(writer);
}
