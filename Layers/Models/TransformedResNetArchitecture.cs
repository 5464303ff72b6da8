using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="TransformedResNet"/>.</summary>
internal sealed class TransformedResNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "spatial-transformer";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is TransformedResNetOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => TransformedResNet.Create(TransformedResNetOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((TransformedResNetOptions)network.Recipe!).Write(writer);
}
