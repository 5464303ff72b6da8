using System;
using System.Collections.Generic;

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

    /// <summary>Takes every k-th text out, such as for validation.</summary>
    /// <param name="k">At least 2.</param>
    /// <returns>The texts that stay, and those taken out.</returns>
    public (TextDataset Staying, TextDataset Taken) Split(int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 2);
        List<string>[] texts = [[], []];
        List<int>[] labels = [[], []];
        for (int i = 0; i < _texts.Length; i++)
        {
            int part = i % k == k - 1 ? 1 : 0;
            texts[part].Add(_texts[i]);
            labels[part].Add(_labels[i]);
        }

        return (new TextDataset(texts[0], labels[0], ClassNames), new TextDataset(texts[1], labels[1], ClassNames));
    }
}
