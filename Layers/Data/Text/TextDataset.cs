using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Layers.Data.Text;

/// <summary>Texts, each with the number of its class.</summary>
public sealed class TextDataset
{
    private readonly string[] _texts;
    private readonly int[] _labels;

    /// <summary>Makes a data set.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="labels">One a text, numbers of classes.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <exception cref="ArgumentException">There is not one label a text, or a label names no class.</exception>
    public TextDataset(IReadOnlyList<string> texts, IReadOnlyList<int> labels, IReadOnlyList<string> classNames)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(classNames);
        if (texts.Count != labels.Count)
        {
            throw new ArgumentException($"{labels.Count} labels were given for {texts.Count} texts; expected one a text.", nameof(labels));
        }

        _texts = [.. texts];
        _labels = [.. labels];
        ClassNames = [.. classNames];
        foreach (int label in _labels)
        {
            if ((uint)label >= (uint)ClassNames.Count)
            {
                throw new ArgumentException($"A label is {label}; expected 0 to {ClassNames.Count - 1}.", nameof(labels));
            }
        }
    }

    /// <summary>The texts.</summary>
    public IReadOnlyList<string> Texts => _texts;

    /// <summary>One label a text.</summary>
    public ReadOnlySpan<int> Labels => _labels;

    /// <summary>The names of the classes.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Some of the texts.</summary>
    /// <param name="indices">Which, in the order wanted.</param>
    public TextDataset Subset(ReadOnlySpan<int> indices)
    {
        string[] texts = new string[indices.Length];
        int[] labels = new int[indices.Length];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = _texts[indices[i]];
            labels[i] = _labels[indices[i]];
        }

        return new TextDataset(texts, labels, ClassNames);
    }

    /// <summary>Splits off a part in which each class has its share. Which texts go where depends on the seed alone; both parts keep the order.</summary>
    /// <param name="fraction">The share of each class to split off, from 0 to 1.</param>
    /// <param name="random">The seed.</param>
    /// <param name="name">The name of the split: splits of different names are independent.</param>
    /// <returns>What remains, and the part.</returns>
    public (TextDataset Remaining, TextDataset Part) Split(float fraction, RandomSource random, string name)
    {
        (int[] rest, int[] part) = StratifiedSplit.Of(_labels, ClassNames.Count, fraction, random, name);
        return (Subset(rest), Subset(part));
    }
}
