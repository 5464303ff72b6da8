using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="GatedResNet.Create"/>.</summary>
internal sealed class GatedResNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "gated-resnet";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is GatedResNetOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => GatedResNet.Create(GatedResNetOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((GatedResNetOptions)network.Recipe!).Write(writer);
}
