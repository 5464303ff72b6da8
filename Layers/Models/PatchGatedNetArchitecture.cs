using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="PatchGatedNet"/>.</summary>
internal sealed class PatchGatedNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "patch-gated";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is PatchGatedNetOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => PatchGatedNet.Create(PatchGatedNetOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((PatchGatedNetOptions)network.Recipe!).Write(writer);
}
