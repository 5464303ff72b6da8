using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="AttentionZoom"/>.</summary>
internal sealed class AttentionZoomArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "attention-zoom";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is AttentionZoomOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => new AttentionZoom(AttentionZoomOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((AttentionZoomOptions)network.Recipe!).Write(writer);
}
