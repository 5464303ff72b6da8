using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="FeedForwardNet"/>, static or with neurons chosen.</summary>
internal sealed class FeedForwardArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "feed-forward";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is FeedForwardOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => FeedForwardNet.Create(FeedForwardOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((FeedForwardOptions)network.Recipe!).Write(writer);
}
