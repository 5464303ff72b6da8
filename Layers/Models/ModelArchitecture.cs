using System.Text.Json;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>A kind of network that model files can name: it builds a network from options and writes the options of one.</summary>
public abstract class ModelArchitecture
{
    /// <summary>The name in model files and on the command line, such as "msdnet".</summary>
    public abstract string Name { get; }

    /// <summary>Whether a network is of this kind.</summary>
    /// <param name="network">The network.</param>
    public abstract bool Describes(StagedNetwork network);

    /// <summary>Builds a network with fresh parameters.</summary>
    /// <param name="options">What <see cref="WriteOptions"/> wrote; it may be hostile, so every number is checked against bounds first.</param>
    /// <exception cref="Engine.Formats.ModelFileException">An option is missing, unknown, of the wrong kind or out of bounds.</exception>
    public abstract StagedNetwork Create(JsonElement options);

    /// <summary>Writes the options of a network as one JSON object.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="network">A network that <see cref="Describes"/>.</param>
    public abstract void WriteOptions(Utf8JsonWriter writer, StagedNetwork network);
}
