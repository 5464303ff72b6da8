using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Numerics;
using System.Text;
using System.Text.Json;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Formats.Safetensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// Models as files: one safetensors file, whose tensors are the network's parameters under their dotted names, and whose metadata holds all
/// else as JSON under the key "manageddyn". A file is hostile until proven sound: any bytes either give a sound model or throw.
/// </summary>
public static class ModelFile
{
    /// <summary>The metadata key of the JSON document.</summary>
    public const string MetadataKey = "manageddyn";

    /// <summary>The key of the checksum over description and tensors; a file without it is read too.</summary>
    public const string ChecksumKey = "manageddyn.checksum";

    private const long SmallValues = 1 << 20;

    /// <summary>Reads a model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">Limits and further architectures.</param>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    /// <exception cref="ModelFileException">It is no sound model file or beyond the limits; the message says what was found and expected.</exception>
    public static Model Load(string path, ModelFileOptions? options = null)
    {
        options ??= ModelFileOptions.Default;
        return From(SafetensorsFile.Load(path, options.FileLimits), options);
    }

    /// <summary>Reads a model from a stream to its end.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="options">Limits and further architectures.</param>
    /// <exception cref="ModelFileException">It is no sound model file or beyond the limits; the message says what was found and expected.</exception>
    public static Model Read(Stream stream, ModelFileOptions? options = null)
    {
        options ??= ModelFileOptions.Default;
        return From(SafetensorsFile.Read(stream, options.FileLimits), options);
    }

    /// <summary>Writes a model so that the path holds the old file or the new one whole, whatever happens.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">The path.</param>
    /// <exception cref="ArgumentException">The model has no architecture that a file could name.</exception>
    /// <exception cref="IOException">The file cannot be written; what was there is unchanged.</exception>
    public static void Save(Model model, string path) => Gather(model).Save(path);

    /// <summary>Writes a model to a stream. The same model gives the same bytes.</summary>
    /// <param name="model">The model.</param>
    /// <param name="stream">Where to.</param>
    /// <exception cref="ArgumentException">The model has no architecture that a file could name.</exception>
    public static void Write(Model model, Stream stream) => Gather(model).Write(stream);

    /// <summary>Writes the file of a network that goes on being trained; nothing is frozen.</summary>
    /// <param name="network">A network of the catalogue.</param>
    /// <param name="description">What the model carries.</param>
    /// <param name="path">The path.</param>
    /// <exception cref="ArgumentException">The network is of no known architecture, a weight is not finite, or the description does not fit.</exception>
    public static void Save(StagedNetwork network, ModelDescription description, string path)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(description);
        ModelChecks.CheckDescription(network, description);
        Gather(network, description, ModelCatalogue.FindFor(network)).Save(path);
    }

    private static SafetensorsWriter Gather(Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Gather(model.Network, model.Description, model.Architecture);
    }

    private static SafetensorsWriter Gather(StagedNetwork network, ModelDescription description, ModelArchitecture? architecture)
    {
        if (architecture is null)
        {
            throw new ArgumentException($"A {network.GetType().Name} has no entry in the catalogue of models, so a file could not name it.", nameof(architecture));
        }

        SafetensorsWriter writer = new();
        writer.SetMetadata(MetadataKey, ModelDocument.Write(network, description, architecture));
        foreach ((string name, Parameter parameter) in network.NamedParameters())
        {
            ModelChecks.CheckFinite(name, parameter.Value);
            writer.Add(name, parameter.Value);
        }

        writer.SetMetadata(ChecksumKey, Checksum(SafetensorsFile.Wrap(writer.ToArray())));
        return writer;
    }

    private static Model From(SafetensorsFile file, ModelFileOptions options)
    {
        if (!file.Metadata.TryGetValue(MetadataKey, out string? json))
        {
            throw new ModelFormatException("model file", -1, $"no metadata \"{MetadataKey}\"", "a file that ManagedDyn wrote; import weights of other origin through a name map");
        }

        if (file.Metadata.TryGetValue(ChecksumKey, out string? written) && Checksum(file) is var found && found != written)
        {
            throw new ModelFormatException("model file", -1, $"content of checksum {found}", $"{FileText.Quote(written)}, as was written; the file is damaged or was altered");
        }

        try
        {
            (StagedNetwork network, ModelDescription description, ModelArchitecture architecture) = ModelDocument.Read(json, options.Architectures);
            CheckSize(file, network);
            ModuleState.Load(network, file);
            return new Model(network, description, options.Limits, architecture);
        }
        catch (Exception exception) when (exception is JsonException or StateMismatchException or InvalidOperationException or ArgumentException or FormatException or OverflowException)
        {
            throw new ModelFormatException($"model file: {exception.Message}", exception);
        }
    }

    // CRC-32C over the description and, in the order of their names, each tensor's name and bytes: a weight that changes on the way would give
    // wrong answers without a word.
    private static string Checksum(SafetensorsFile file)
    {
        uint sum = Add(0, Encoding.UTF8.GetBytes(file.Metadata[MetadataKey]));
        List<SafetensorsEntry> entries = [.. file.Entries];
        entries.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        foreach (SafetensorsEntry entry in entries)
        {
            sum = Add(Add(sum, Encoding.UTF8.GetBytes(entry.Name)), file.Bytes(entry.Name));
        }

        return sum.ToString("x8", CultureInfo.InvariantCulture);
    }

    private static uint Add(uint sum, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (byte value in bytes)
        {
            sum = BitOperations.Crc32C(sum, value);
        }

        return sum;
    }

    // Parameters take memory when their values are first touched: a small file that describes a huge network must not get that far. Where the
    // sizes are near each other the tensors are compared one by one, and all that do not fit are told.
    private static void CheckSize(SafetensorsFile file, StagedNetwork network)
    {
        long described = 0;
        foreach ((_, Parameter parameter) in network.NamedParameters())
        {
            described += parameter.Shape.Count;
        }

        long held = 0;
        foreach (SafetensorsEntry entry in file.Entries)
        {
            held += entry.Shape.Count;
        }

        if (described > SmallValues + (2 * held))
        {
            throw new ModelFormatException("model file", -1, $"tensors of {held} values in all", $"{described}, as many as the network that it describes has");
        }
    }
}
