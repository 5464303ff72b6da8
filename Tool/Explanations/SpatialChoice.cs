using System.Collections.Generic;
using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Tool.Explanations;

/// <summary>Where in the image a layer chose to compute, whatever the layer is.</summary>
/// <param name="Height">Rows of the map over the image; 0: there is none.</param>
/// <param name="Width">Columns of the map.</param>
/// <param name="Shares">Of each cell, row by row, how much of what could be computed was, from 0 to 1.</param>
/// <param name="MostLevel">The number that a share of 1 stands for, such as steps; 0: cells are chosen or not.</param>
/// <param name="Views">The boxes of the image that were looked at.</param>
public sealed record SpatialChoice(int Height, int Width, IReadOnlyList<float> Shares, int MostLevel, IReadOnlyList<ImageView> Views)
{
    /// <summary>Whether there is a map.</summary>
    public bool HasMap => Shares.Count > 0;

    /// <summary>The mean share over the map; 1 without one.</summary>
    public double MeanShare
    {
        get
        {
            double sum = 0;
            foreach (float share in Shares)
            {
                sum += share;
            }

            return HasMap ? sum / Shares.Count : 1;
        }
    }

    /// <summary>What a choice of the ledger tells about places; null: nothing.</summary>
    internal static SpatialChoice? Of(DecisionLedger ledger, in DecisionChoice choice)
    {
        ImageView[] views = new ImageView[choice.ViewCount];
        for (int i = 0; i < views.Length; i++)
        {
            views[i] = ledger.ViewOf(choice, i);
        }

        float[] shares = new float[choice.MapHeight * choice.MapWidth];
        if (choice.MostLevel > 0)
        {
            ledger.LevelsOf(choice).CopyTo(shares);
            for (int i = 0; i < shares.Length; i++)
            {
                shares[i] /= choice.MostLevel;
            }
        }
        else if (shares.Length > 0)
        {
            foreach (int unit in ledger.UnitsOf(choice))
            {
                shares[unit] = 1;
            }
        }

        return views.Length == 0 && shares.Length == 0 ? null : new SpatialChoice(choice.MapHeight, choice.MapWidth, shares, choice.MostLevel, views);
    }
}
