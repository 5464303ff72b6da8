using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="LocalResNet"/>.</summary>
internal sealed class LocalResNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "local-resnet";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is LocalResNetOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => LocalResNet.Create(LocalResNetOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((LocalResNetOptions)network.Recipe!).Write(writer);
}
