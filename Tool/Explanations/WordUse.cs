using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Inference;

namespace ManagedDyn.Tool.Explanations;

/// <summary>What became of one token of a text.</summary>
/// <param name="Word">The token as it stands in the text.</param>
/// <param name="IsRead">Whether the network looked at it (or, where it skims, updated all of its state).</param>
/// <param name="Layers">Layers that it went through, where layers drop tokens.</param>
/// <param name="OfLayers">Layers that there are, where they drop tokens; else 1.</param>
/// <param name="IsBeyond">Whether it stands behind what the network takes of a text: nothing decided about it.</param>
public sealed record WordUse(string Word, bool IsRead, int Layers, int OfLayers, bool IsBeyond = false)
{
    /// <summary>"word" if it was read by all layers, "word/2" if it was dropped after the second, "(word)" if it was not read.</summary>
    public string Text => !IsRead ? $"({Word})" : Layers < OfLayers ? $"{Word}/{Layers}" : Word;

    /// <summary>The tokens of a text, by what the decisions about it say.</summary>
    public static IReadOnlyList<WordUse> Of(TextEncoding encoding, string text, IReadOnlyList<DecisionLine> decisions)
    {
        List<HashSet<int>> steps = [];
        List<HashSet<int>> kept = [];
        foreach (DecisionLine line in decisions)
        {
            if (line.Kind == DecisionKind.Steps)
            {
                steps.Add([.. line.Chosen]);
            }
            else if (line.Kind == DecisionKind.Tokens)
            {
                kept.Add([.. line.Chosen]);
            }
        }

        IReadOnlyList<string> pieces = encoding.Tokenizer.Pieces(text);
        WordUse[] words = new WordUse[pieces.Count];
        for (int i = 0; i < words.Length; i++)
        {
            bool isRead = i < encoding.Length && (steps.Count == 0 || steps.Exists(chosen => chosen.Contains(i)));

            // The first place is that of the token that the answer is read from.
            int layers = 1;
            while (layers <= kept.Count && kept[layers - 1].Contains(i + 1))
            {
                layers++;
            }

            words[i] = new WordUse(pieces[i], isRead, layers, kept.Count + 1, i >= encoding.Length);
        }

        return words;
    }
}
