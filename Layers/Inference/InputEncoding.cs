using System;
using System.Buffers;
using System.Text.Json;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// How what a source holds (bytes of images, texts, sound) becomes a network's input. A model carries it, so that inputs are prepared as those of training were.
/// Immutable.
/// </summary>
/// <remarks>A new kind is a class here with its entry in <see cref="InputEncodings"/>.</remarks>
public abstract class InputEncoding
{
    private protected InputEncoding()
    {
    }

    /// <summary>The name in model files: "image", "text".</summary>
    public abstract string Kind { get; }

    /// <summary>The shape of one sample that it makes, without batch.</summary>
    public abstract Shape SampleShape { get; }

    /// <summary>Prepares a data set.</summary>
    /// <param name="data">The data as their source has them.</param>
    /// <exception cref="ArgumentException">The data are of another kind or size; the message says which is expected.</exception>
    public abstract SampleSplits Encode(DataSplits data);

    /// <summary>The samples of a data set as a model takes them: encoded, or as they are where there is no encoding.</summary>
    /// <param name="encoding">The model's encoding; null: it takes values alone.</param>
    /// <param name="data">The data as their source has them.</param>
    /// <exception cref="ArgumentException">The data do not fit the encoding.</exception>
    public static SampleSplits Encode(InputEncoding? encoding, DataSplits data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data is ReadySplits ready)
        {
            return ready.Samples;
        }

        return encoding is not null
            ? encoding.Encode(data)
            : throw new ArgumentException($"The model carries no encoding, so it cannot take the {data.Noun} of {data.Name}; expected values that are ready.", nameof(encoding));
    }

    /// <summary>Whether two encodings make the same values of the same input.</summary>
    /// <param name="first">An encoding, or null.</param>
    /// <param name="second">An encoding, or null.</param>
    public static bool AreSame(InputEncoding? first, InputEncoding? second) =>
        ReferenceEquals(first, second)
        || (first is not null && second is not null && first.Kind == second.Kind && first.Text().AsSpan().SequenceEqual(second.Text()));

    /// <summary>Writes the members of the object that stands in a model file; its kind is written already.</summary>
    internal abstract void Write(Utf8JsonWriter json);

    private byte[] Text()
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            Write(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private protected static ArgumentException Unfit(DataSplits data, string expected) => new($"The data set {data.Name} has {data.Noun}; expected {expected}.", nameof(data));
}
