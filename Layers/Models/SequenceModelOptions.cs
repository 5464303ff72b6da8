using System.Text.Json;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Models;

/// <summary>What all classifiers of sequences are told: texts as identifiers, with 0 behind their end, or steps of a fixed number of features.</summary>
public abstract record SequenceModelOptions : ModelOptions
{
    /// <summary>The number of identifiers; 0: the input is features.</summary>
    public int Vocabulary { get; init; } = 4096;

    /// <summary>The most steps of a sequence.</summary>
    public int Length { get; init; } = 64;

    /// <summary>Features of a step where the input is no text; else 0.</summary>
    public int Features { get; init; }

    /// <summary>The number of classes.</summary>
    public int Classes { get; init; } = 2;

    /// <summary>The shape of one sample: [length] identifiers, or [length, features].</summary>
    internal Shape SampleShape => Vocabulary > 0 ? new Shape(Length) : new Shape(Length, Features);

    /// <inheritdoc/>
    public override void Validate()
    {
        OptionsCheck.Range(Vocabulary, 0, 1 << 20, nameof(Vocabulary));
        OptionsCheck.Range(Length, 1, 65536, nameof(Length));
        OptionsCheck.Range(Features, Vocabulary > 0 ? 0 : 1, Vocabulary > 0 ? 0 : 65536, nameof(Features));
        OptionsCheck.Range(Classes, 2, 65536, nameof(Classes));
    }

    private protected static T ReadSequence<T>(OptionsReader reader, T options)
        where T : SequenceModelOptions => (T)(options with
        {
            Vocabulary = reader.Integer("vocabulary", 0, 1 << 20),
            Length = reader.Integer("length", 1, 65536),
            Features = reader.Integer("features", 0, 65536),
            Classes = reader.Integer("classes", 2, 65536),
        });

    private protected void WriteSequence(Utf8JsonWriter writer)
    {
        writer.WriteNumber("vocabulary", Vocabulary);
        writer.WriteNumber("length", Length);
        writer.WriteNumber("features", Features);
        writer.WriteNumber("classes", Classes);
    }
}
