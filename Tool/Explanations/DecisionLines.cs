using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Inference;

namespace ManagedDyn.Tool.Explanations;

/// <summary>Reads what a session's last call decided.</summary>
internal static class DecisionLines
{
    /// <summary>The decisions for each input of the call, in the order in which they were made.</summary>
    public static List<DecisionLine>[] Of(Session session, int inputs) => Of(session.Decisions!, session.Model, inputs);

    /// <summary>The decisions that a ledger keeps for each input of a model, in the order in which they were made.</summary>
    public static List<DecisionLine>[] Of(DecisionLedger ledger, Model model, int inputs)
    {
        List<DecisionLine>[] lines = new List<DecisionLine>[inputs];
        for (int i = 0; i < inputs; i++)
        {
            lines[i] = [];
        }

        foreach (DecisionChoice choice in ledger.Choices)
        {
            DecisionLine line = new(
                model.LayerName(choice.Layer),
                choice.Kind,
                choice.Universe,
                ledger.UnitsOf(choice).ToArray(),
                choice.Score,
                choice.ChosenMacs,
                choice.DenseMacs)
            {
                Place = SpatialChoice.Of(ledger, choice),
            };
            Add(lines[choice.Sample], line);
        }

        return lines;
    }

    /// <summary>
    /// What is left of an answer's multiply-adds when those of its decisions are taken away: more than 0 for what is always computed and for what lies beyond the chosen
    /// units, such as pixels that a mask's neighbours need; less than 0 where one decision had saved before what another one counts.
    /// </summary>
    public static long Rest(IReadOnlyList<DecisionLine> decisions, long executedMacs)
    {
        foreach (DecisionLine line in decisions)
        {
            executedMacs -= line.Macs;
        }

        return executedMacs;
    }

    /// <summary>What <see cref="Rest"/> is, in words.</summary>
    public static string RestText(long rest) => rest >= 0 ? "always computed, or beyond what is chosen" : "saved already by decisions before";

    // A layer that looks at one step after the other decides once for each: one line tells them all.
    private static void Add(List<DecisionLine> lines, DecisionLine line)
    {
        int before = line.Kind == DecisionKind.Steps ? lines.FindIndex(other => other.Layer == line.Layer && other.Kind == line.Kind && other.Units == line.Units) : -1;
        if (before < 0)
        {
            lines.Add(line);
            return;
        }

        SortedSet<int> chosen = [.. lines[before].Chosen, .. line.Chosen];
        lines[before] = lines[before] with { Chosen = [.. chosen], Macs = lines[before].Macs + line.Macs, Score = float.NaN };
    }
}
