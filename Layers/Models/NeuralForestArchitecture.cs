using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="NeuralForest"/>.</summary>
internal sealed class NeuralForestArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "neural-forest";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is NeuralForestOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => NeuralForest.Create(NeuralForestOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((NeuralForestOptions)network.Recipe!).Write(writer);
}
