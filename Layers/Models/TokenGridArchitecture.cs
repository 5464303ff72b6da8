using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="TokenGrid"/>.</summary>
internal sealed class TokenGridArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "token-grid";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is TokenGridOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => new TokenGrid(TokenGridOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((TokenGridOptions)network.Recipe!).Write(writer);
}
