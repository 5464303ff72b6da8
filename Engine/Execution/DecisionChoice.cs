namespace ManagedDyn.Engine.Execution;

/// <summary>What one layer chose for one sample.</summary>
/// <param name="Layer">The number of the module that decided.</param>
/// <param name="Kind">What it chose among.</param>
/// <param name="Sample">The sample.</param>
/// <param name="Universe">How many units there were; 1 for a branch that runs or not.</param>
/// <param name="Start">Where the chosen units begin in the ledger.</param>
/// <param name="Count">How many units were chosen.</param>
/// <param name="Score">How sure the rule was of the first of them, or of running the branch; NaN when the rule does not tell.</param>
/// <param name="UnitMacs">MACs of one unit.</param>
public readonly record struct DecisionChoice(int Layer, DecisionKind Kind, int Sample, int Universe, int Start, int Count, float Score, long UnitMacs)
{
    private readonly long? _chosenMacs;
    private readonly long? _denseMacs;

    /// <summary>Rows of the map whose cells are the units, row by row, over the image; 0: the units lie nowhere.</summary>
    public int MapHeight { get; init; }

    /// <summary>Columns of that map; 0: the units lie nowhere.</summary>
    public int MapWidth { get; init; }

    /// <summary>How many views of the image the layer took.</summary>
    public int ViewCount { get; init; }

    /// <summary>The largest level that a cell could have; 0: cells are chosen or not.</summary>
    public int MostLevel { get; init; }

    /// <summary>Where the numbers of the views, or of the levels, begin in the ledger.</summary>
    internal int ValueStart { get; init; }

    /// <summary>MACs of what was chosen.</summary>
    public long ChosenMacs
    {
        get => _chosenMacs ?? (Count * UnitMacs);
        init => _chosenMacs = value;
    }

    /// <summary>MACs of all units, or of the most that a sample can take.</summary>
    public long DenseMacs
    {
        get => _denseMacs ?? (Universe * UnitMacs);
        init => _denseMacs = value;
    }
}
