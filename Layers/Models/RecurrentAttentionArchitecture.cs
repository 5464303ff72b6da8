using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="RecurrentAttention"/>.</summary>
internal sealed class RecurrentAttentionArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "recurrent-attention";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is RecurrentAttentionOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => new RecurrentAttention(RecurrentAttentionOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((RecurrentAttentionOptions)network.Recipe!).Write(writer);
}
