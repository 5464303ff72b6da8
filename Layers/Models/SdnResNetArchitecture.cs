using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="SdnResNet.Create"/>.</summary>
internal sealed class SdnResNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "sdn-resnet";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is SdnResNetOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => SdnResNet.Create(SdnResNetOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((SdnResNetOptions)network.Recipe!).Write(writer);
}
