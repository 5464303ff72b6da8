using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
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
                .Whole("macs", decision.Macs).Whole("macs_dense", decision.DenseMacs);
            if (decision.Place is { } place)
            {
                WritePlace(json, place);
            }

            json.EndObject();
        }

        json.EndArray();
    }

    private static void WritePlace(JsonDocumentWriter json, SpatialChoice place)
    {
        if (place.HasMap)
        {
            json.Numbers("map", [place.Height, place.Width]);
        }

        if (place.MostLevel > 0)
        {
            double[] levels = new double[place.Shares.Count];
            for (int i = 0; i < levels.Length; i++)
            {
                levels[i] = Math.Round(place.Shares[i] * place.MostLevel);
            }

            json.Numbers("levels", levels);
        }

        if (place.Views.Count == 0)
        {
            return;
        }

        json.Array("views");
        foreach (ImageView view in place.Views)
        {
            json.Object().Number("top", view.Top).Number("left", view.Left).Number("height", view.Height).Number("width", view.Width)
                .Whole("rows", view.Rows).Whole("columns", view.Columns).EndObject();
        }

        json.EndArray();
    }
}
