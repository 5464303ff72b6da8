using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Tool.Explanations;

/// <summary>What one layer chose for one input.</summary>
/// <param name="Layer">The layer's dotted path.</param>
/// <param name="Kind">What it chose among.</param>
/// <param name="Units">How many units there were.</param>
/// <param name="Chosen">Those that were chosen, from 0, ascending.</param>
/// <param name="Score">How sure the rule was; NaN: it does not tell.</param>
/// <param name="Macs">Multiply-adds of what was chosen.</param>
/// <param name="DenseMacs">Multiply-adds of all units.</param>
public sealed record DecisionLine(string Layer, DecisionKind Kind, int Units, IReadOnlyList<int> Chosen, float Score, long Macs, long DenseMacs)
{
    // More numbers than this are told by their count alone.
    private const int MostNamed = 8;

    // More steps than this are told by their number alone.
    private const int MostMarked = 64;

    /// <summary>Where in the image it chose to compute; null: it does not choose places.</summary>
    public SpatialChoice? Place { get; init; }

    /// <summary>The share of units that were chosen.</summary>
    public double Share => Place is { MostLevel: > 0 } place ? place.MeanShare : Units == 0 ? 0 : (double)Chosen.Count / Units;

    /// <summary>
    /// "ran", "skipped", "experts 1, 5 of 8", "branch 2 of 2", "24 of 64 channels", "2 of 4 steps #..#", "1.8 of 3 steps on average", "seen as 16 x 16". Units are counted from 1.
    /// </summary>
    public string Text
    {
        get
        {
            if (Place is { MostLevel: > 0 } levels)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{levels.MeanShare * levels.MostLevel:F1} of {levels.MostLevel} steps on average");
            }

            if (Units == 1 && Kind != DecisionKind.Samples && Place is { Views.Count: > 0 } looked)
            {
                return SeenAs(looked);
            }

            if (Kind == DecisionKind.Samples)
            {
                return Chosen.Count > 0 ? "ran" : "skipped";
            }

            if (Kind == DecisionKind.Steps && Units is > 1 and <= MostMarked)
            {
                return $"{Chosen.Count} of {Units} steps {Marks()}";
            }

            string name = Kind.ToString().ToLowerInvariant();
            if (Chosen.Count is 0 or > MostNamed || Kind is DecisionKind.Pixels or DecisionKind.Channels or DecisionKind.Tokens)
            {
                return $"{Chosen.Count} of {Units} {name}";
            }

            if (Chosen.Count == 1)
            {
                name = Kind == DecisionKind.Branches ? "branch" : name[..^1];
            }

            string[] numbers = new string[Chosen.Count];
            for (int i = 0; i < numbers.Length; i++)
            {
                numbers[i] = (Chosen[i] + 1).ToString(CultureInfo.InvariantCulture);
            }

            return $"{name} {string.Join(", ", numbers)} of {Units}";
        }
    }

    // A mark for each step: whether it was looked at.
    private string Marks()
    {
        char[] marks = new char[Units];
        System.Array.Fill(marks, '.');
        foreach (int step in Chosen)
        {
            marks[step] = '#';
        }

        return new string(marks);
    }

    private static string SeenAs(SpatialChoice place)
    {
        ImageView view = place.Views[0];
        string part = view is { Top: 0, Left: 0, Height: 1, Width: 1 } ? "all" : string.Create(CultureInfo.InvariantCulture, $"a crop of {view.Height:P0} x {view.Width:P0}");
        return view.Rows > 0 ? string.Create(CultureInfo.InvariantCulture, $"{part}, seen as {view.Columns} x {view.Rows}") : part;
    }
}
