using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="GlanceAndFocus"/>.</summary>
internal sealed class GlanceAndFocusArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "glance-and-focus";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is GlanceAndFocusOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => new GlanceAndFocus(GlanceAndFocusOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((GlanceAndFocusOptions)network.Recipe!).Write(writer);
}
