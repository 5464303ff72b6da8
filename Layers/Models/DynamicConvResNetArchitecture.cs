using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="DynamicConvResNet"/>.</summary>
internal sealed class DynamicConvResNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "dynamic-conv-resnet";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is DynamicConvResNetOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => DynamicConvResNet.Create(DynamicConvResNetOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((DynamicConvResNetOptions)network.Recipe!).Write(writer);
}
