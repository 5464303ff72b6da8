using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="ResNet.Create"/>: static, or with intermediate classifiers.</summary>
internal sealed class ResNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "resnet";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is ResNetOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => ResNet.Create(ResNetOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((ResNetOptions)network.Recipe!).Write(writer);
}
