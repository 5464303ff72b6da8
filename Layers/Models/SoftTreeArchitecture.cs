using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="SoftTree"/>.</summary>
internal sealed class SoftTreeArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "soft-tree";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is SoftTreeOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => SoftTree.Create(SoftTreeOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((SoftTreeOptions)network.Recipe!).Write(writer);
}
