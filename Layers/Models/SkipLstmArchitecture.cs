using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="SkipLstm"/>.</summary>
internal sealed class SkipLstmArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "skip-lstm";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is SkipLstmOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => SkipLstm.Create(SkipLstmOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((SkipLstmOptions)network.Recipe!).Write(writer);
}
