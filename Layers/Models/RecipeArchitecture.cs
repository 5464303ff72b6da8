using System;
using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>An architecture whose networks keep the options that they were made from as their recipe.</summary>
/// <param name="name">The name in model files.</param>
/// <param name="read">Reads and checks options that may be hostile.</param>
/// <param name="create">Builds the network.</param>
internal sealed class RecipeArchitecture<TOptions>(string name, Func<OptionsReader, TOptions> read, Func<TOptions, StagedNetwork> create) : ModelArchitecture
    where TOptions : ModelOptions
{
    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override bool Describes(StagedNetwork network) => network.Recipe is TOptions;

    /// <inheritdoc/>
    public override StagedNetwork Create(JsonElement options) => create(read(new OptionsReader(options, Name)));

    /// <inheritdoc/>
    public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network) => ((TOptions)network.Recipe!).Write(writer);
}
