using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="SactResNet.Create"/>.</summary>
internal sealed class SactResNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "sact-resnet";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is SactResNetOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => SactResNet.Create(SactResNetOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((SactResNetOptions)network.Recipe!).Write(writer);
}
