using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Inference;

namespace ManagedDyn.Tool.Explanations;

/// <summary>Reads what a session's last call decided.</summary>
internal static class DecisionLines
{
    /// <summary>The decisions for each input of the call, in the order in which they were made.</summary>
    public static List<DecisionLine>[] Of(Session session, int inputs)
    {
        List<DecisionLine>[] lines = new List<DecisionLine>[inputs];
        for (int i = 0; i < inputs; i++)
        {
            lines[i] = [];
        }

        DecisionLedger ledger = session.Decisions!;
        foreach (DecisionChoice choice in ledger.Choices)
        {
            lines[choice.Sample].Add(new DecisionLine(
                session.Model.LayerName(choice.Layer),
                choice.Kind,
                choice.Universe,
                ledger.UnitsOf(choice).ToArray(),
                choice.Score,
                choice.ChosenMacs,
                choice.DenseMacs)
            {
                Place = SpatialChoice.Of(ledger, choice),
            });
        }

        return lines;
    }
}
