using System.Collections.Generic;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Explanations;

/// <summary>Decisions as a list in a JSON object.</summary>
internal static class DecisionJson
{
    public static void Write(JsonDocumentWriter json, IReadOnlyList<DecisionLine> decisions)
    {
        json.Array("decisions");
        foreach (DecisionLine decision in decisions)
        {
            double[] chosen = new double[decision.Chosen.Count];
            for (int i = 0; i < chosen.Length; i++)
            {
                chosen[i] = decision.Chosen[i];
            }

            json.Object().Text("layer", decision.Layer).Text("kind", decision.Kind.ToString().ToLowerInvariant()).Whole("units", decision.Units)
                .Numbers("chosen", chosen).Number("score", float.IsFinite(decision.Score) ? decision.Score : null)
                .Whole("macs", decision.Macs).Whole("macs_dense", decision.DenseMacs).EndObject();
        }

        json.EndArray();
    }
}
