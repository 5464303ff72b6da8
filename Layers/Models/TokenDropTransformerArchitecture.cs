using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="TokenDropTransformer"/>.</summary>
internal sealed class TokenDropTransformerArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "token-drop-transformer";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is TokenDropTransformerOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => TokenDropTransformer.Create(TokenDropTransformerOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((TokenDropTransformerOptions)network.Recipe!).Write(writer);
}
