using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The catalogue's entry of <see cref="PixelResNet"/>.</summary>
internal sealed class PixelResNetArchitecture : ModelArchitecture
{
    /// <inheritdoc/>
    public override string Name => "pixel-resnet";

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is PixelResNetOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => PixelResNet.Create(PixelResNetOptions.Read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((PixelResNetOptions)network.Recipe!).Write(writer);
}
