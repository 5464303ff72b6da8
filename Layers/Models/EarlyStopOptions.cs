using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a classifier that stops reading when it is sure.</summary>
public sealed record EarlyStopOptions : SequenceModelOptions
{
    private static readonly string[] Trunks = ["lstm", "gru", "convolution"];
    private static readonly string[] Rules = ["confidence", "learned", "policy"];

    /// <summary>What reads.</summary>
    public EarlyStopTrunk Trunk { get; init; }

    /// <summary>By what it stops.</summary>
    public EarlyStopRule Rule { get; init; }

    /// <summary>Steps between two answers; as many as <see cref="SequenceModelOptions.Length"/>: the network answers at the end only, and is the static one.</summary>
    public int BlockSteps { get; init; } = 4;

    /// <summary>Elements of a token's vector; unused where the input is features.</summary>
    public int Embedding { get; init; } = 64;

    /// <summary>Units, or channels, of each layer.</summary>
    public int Units { get; init; } = 96;

    /// <summary>Layers one above the other; convolutions see steps 1, 2, 4, … apart.</summary>
    public int Layers { get; init; } = 1;

    /// <summary>Steps that each convolution sees.</summary>
    public int Kernel { get; init; } = 3;

    /// <summary>Share of the answer's inputs that training drops.</summary>
    public float Dropout { get; init; } = 0.2f;

    /// <summary>The number of answers.</summary>
    internal int Blocks => (Length + BlockSteps - 1) / BlockSteps;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsCheck.Range((int)Trunk, 0, Trunks.Length - 1, nameof(Trunk));
        OptionsCheck.Range((int)Rule, 0, Rules.Length - 1, nameof(Rule));
        OptionsCheck.Range(BlockSteps, 1, Length, nameof(BlockSteps));
        OptionsCheck.Range(Blocks, 1, 1024, nameof(Length) + " over " + nameof(BlockSteps));
        OptionsCheck.Range(Embedding, 1, 8192, nameof(Embedding));
        OptionsCheck.Range(Units, 1, 8192, nameof(Units));
        OptionsCheck.Range(Layers, 1, 16, nameof(Layers));
        OptionsCheck.Range(Kernel, 1, 64, nameof(Kernel));
        if (Trunk == EarlyStopTrunk.Convolution)
        {
            // What the last convolution looks back, which is remembered between blocks.
            OptionsCheck.Range((double)(Kernel - 1) * (1 << (Layers - 1)), 0, Math.Max(64, 2 * Length), $"The steps that {nameof(Kernel)} and {nameof(Layers)} look back");
        }
        OptionsCheck.Range(Dropout, 0, 0.9, nameof(Dropout));
    }

    internal static EarlyStopOptions Read(OptionsReader reader)
    {
        EarlyStopOptions options = ReadSequence(reader, new EarlyStopOptions
        {
            Trunk = (EarlyStopTrunk)OptionsCheck.Choice(reader, "trunk", Trunks),
            Rule = (EarlyStopRule)OptionsCheck.Choice(reader, "rule", Rules),
            BlockSteps = reader.Integer("block_steps", 1, 65536),
            Embedding = reader.Integer("embedding", 1, 8192),
            Units = reader.Integer("units", 1, 8192),
            Layers = reader.Integer("layers", 1, 16),
            Kernel = reader.Integer("kernel", 1, 64),
            Dropout = (float)reader.Real("dropout", 0, 0.9),
        });
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "options of early-stop");
        return options;
    }

    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteSequence(writer);
        writer.WriteString("trunk", Trunks[(int)Trunk]);
        writer.WriteString("rule", Rules[(int)Rule]);
        writer.WriteNumber("block_steps", BlockSteps);
        writer.WriteNumber("embedding", Embedding);
        writer.WriteNumber("units", Units);
        writer.WriteNumber("layers", Layers);
        writer.WriteNumber("kernel", Kernel);
        writer.WriteNumber("dropout", Dropout);
        writer.WriteEndObject();
    }
}
