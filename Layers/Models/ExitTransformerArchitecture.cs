using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="ExitTransformer"/>.</summary>
internal sealed class ExitTransformerArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "exit-transformer";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is ExitTransformerOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => ExitTransformer.Create(ExitTransformerOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((ExitTransformerOptions)network.Recipe!).Write(writer);
}
