using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="ResolutionNet"/>.</summary>
internal sealed class ResolutionNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "dynamic-resolution";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is ResolutionNetOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => ResolutionNet.Create(ResolutionNetOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((ResolutionNetOptions)network.Recipe!).Write(writer);
}
