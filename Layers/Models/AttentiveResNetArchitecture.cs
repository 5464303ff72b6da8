using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="AttentiveResNet.Create"/>.</summary>
internal sealed class AttentiveResNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "attentive-resnet";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is AttentiveResNetOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => AttentiveResNet.Create(AttentiveResNetOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((AttentiveResNetOptions)network.Recipe!).Write(writer);
}
