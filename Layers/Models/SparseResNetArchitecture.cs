using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="SparseResNet"/>.</summary>
internal sealed class SparseResNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "dynconv-resnet";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is SparseResNetOptions && network is SparseResNet;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => new SparseResNet(SparseResNetOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((SparseResNetOptions)network.Recipe!).Write(writer);
}
