using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="ElasticResNet"/>.</summary>
internal sealed class ElasticResNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "elastic-resnet";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is ElasticResNetOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => ElasticResNet.Create(ElasticResNetOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((ElasticResNetOptions)network.Recipe!).Write(writer);
}
