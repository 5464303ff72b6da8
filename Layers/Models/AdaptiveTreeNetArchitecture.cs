using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="AdaptiveTreeNet"/>.</summary>
internal sealed class AdaptiveTreeNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "adaptive-tree";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is AdaptiveTreeOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => AdaptiveTreeNet.Create(AdaptiveTreeOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((AdaptiveTreeOptions)network.Recipe!).Write(writer);
}
