using System;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Execution;

/// <summary>
/// Writes down what dynamic layers decide for a batch. While training, objectives read from it which compute was asked for and what else layers
/// want made small; at inference it tells which layers, channels, experts or branches a sample used.
/// </summary>
/// <remarks>
/// Tensors and selections of records live as long as the workspace scope they were made in. With <see cref="KeepsChoices"/> the hard choices are copied
/// instead, so that they can be read afterwards; once warm that allocates nothing.
/// </remarks>
public sealed class DecisionLedger
{
    private DecisionRecord[] _records = new DecisionRecord[16];
    private LossTerm[] _terms = [];
    private DecisionChoice[] _choices = [];
    private int[] _units = [];
    private float[] _values = [];
    private int _unitCount;
    private int _valueCount;

    /// <summary>Whether hard choices are copied, to be read after the batch; there are no records then.</summary>
    public bool KeepsChoices { get; init; }

    /// <summary>The number of the batch's first sample in <see cref="Choices"/>, where a call runs its samples in several batches.</summary>
    public int FirstSample { get; set; }

    /// <summary>The decisions since <see cref="Begin"/>, in the order in which they were made.</summary>
    public ReadOnlySpan<DecisionRecord> Records => _records.AsSpan(0, RecordCount);

    /// <summary>The terms of the loss since <see cref="Begin"/>.</summary>
    public ReadOnlySpan<LossTerm> Terms => _terms.AsSpan(0, TermCount);

    /// <summary>The copied choices since <see cref="Begin"/>, one for each decision and sample; empty unless <see cref="KeepsChoices"/>.</summary>
    public ReadOnlySpan<DecisionChoice> Choices => _choices.AsSpan(0, ChoiceCount);

    private int RecordCount { get; set; }

    private int TermCount { get; set; }

    private int ChoiceCount { get; set; }

    /// <summary>Starts a new batch with an empty ledger.</summary>
    public void Begin()
    {
        Array.Clear(_records, 0, RecordCount);
        Array.Clear(_terms, 0, TermCount);
        RecordCount = 0;
        TermCount = 0;
        ChoiceCount = 0;
        _unitCount = 0;
        _valueCount = 0;
        FirstSample = 0;
    }

    /// <summary>Writes a decision down.</summary>
    /// <param name="samples">The samples that the rows stand for, one row of the selection; none or all: row r is sample r.</param>
    /// <param name="record">The decision.</param>
    /// <exception cref="ArgumentException">The selection, the scores, the map, the views or the levels are not about the record's rows and units.</exception>
    public void Add(Selection samples, in DecisionRecord record)
    {
        if (record.Scores.Exists && (record.Scores.Shape.Rank == 0 || record.Scores.Shape[0] != record.Rows))
        {
            throw new ArgumentException($"The scores of a decision have shape {record.Scores.Shape}; expected {record.Rows} rows.", nameof(record));
        }

        if (record.Selected.Exists && record.Selected.Rows != record.Rows && !IsOfSamples(record))
        {
            throw new ArgumentException($"A decision selects {record.Selected}; expected one row over {record.Rows} samples, or a row for each.", nameof(record));
        }

        CheckPlaces(in record);
        if (KeepsChoices)
        {
            if (record.Selected.Exists || record.Views.Exists || record.Levels.Exists)
            {
                Copy(samples, record);
            }

            return;
        }

        if (RecordCount == _records.Length)
        {
            Array.Resize(ref _records, 2 * RecordCount);
        }

        _records[RecordCount++] = record;
    }

    /// <summary>Adds a term of the loss.</summary>
    /// <param name="term">The term.</param>
    /// <exception cref="ArgumentException">Its value is not one number.</exception>
    public void Add(in LossTerm term)
    {
        if (!term.Value.Exists || term.Value.Count != 1)
        {
            throw new ArgumentException($"The term \"{term.Name}\" of the loss has {(term.Value.Exists ? $"shape {term.Value.Shape}" : "no value")}; expected one number.", nameof(term));
        }

        if (TermCount == _terms.Length)
        {
            Array.Resize(ref _terms, Math.Max(16, 2 * TermCount));
        }

        _terms[TermCount++] = term;
    }

    /// <summary>The units that were chosen in one of <see cref="Choices"/>, ascending.</summary>
    /// <param name="choice">The choice.</param>
    public ReadOnlySpan<int> UnitsOf(in DecisionChoice choice) => _units.AsSpan(choice.Start, choice.Count);

    /// <summary>What was looked at in one of <see cref="Choices"/>.</summary>
    /// <param name="choice">The choice.</param>
    /// <param name="view">From 0 to its <see cref="DecisionChoice.ViewCount"/>, exclusive.</param>
    public ImageView ViewOf(in DecisionChoice choice, int view)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(view);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(view, choice.ViewCount);
        ReadOnlySpan<float> v = _values.AsSpan(choice.ValueStart + (view * ImageView.Values), ImageView.Values);
        return new ImageView(v[0], v[1], v[2], v[3], (int)v[4], (int)v[5]);
    }

    /// <summary>The level of each cell of the map in one of <see cref="Choices"/>; empty when its cells are chosen or not.</summary>
    /// <param name="choice">The choice.</param>
    public ReadOnlySpan<float> LevelsOf(in DecisionChoice choice) =>
        choice.MostLevel == 0 ? [] : _values.AsSpan(choice.ValueStart + (choice.ViewCount * ImageView.Values), choice.MapHeight * choice.MapWidth);

    private static void CheckPlaces(in DecisionRecord record)
    {
        int cells = record.MapHeight * record.MapWidth;
        bool hasMap = record.MapHeight > 0 && record.MapWidth > 0;
        if (record.MapHeight < 0 || record.MapWidth < 0 || hasMap != (record.MapHeight > 0 || record.MapWidth > 0)
            || (hasMap && record.Selected.Exists && record.Selected.Universe != cells))
        {
            throw new ArgumentException($"A decision tells a map of {record.MapHeight} x {record.MapWidth} cells and selects {record.Selected}; expected a cell for each unit.", nameof(record));
        }

        if (record.UnitCosts.Exists && (record.Selected.Exists ? record.UnitCosts.Count != record.Selected.Universe : record.UnitCosts.Count < 1))
        {
            throw new ArgumentException($"A decision selects {record.Selected} and tells costs of shape {record.UnitCosts.Shape}; expected one for each unit.", nameof(record));
        }

        Shape views = record.Views.Exists ? record.Views.Shape : default;
        if (record.Views.Exists && (views.Rank != 3 || views[0] != record.Rows || views[2] != ImageView.Values))
        {
            throw new ArgumentException($"The views of a decision have shape {views}; expected [{record.Rows}, views, {ImageView.Values}].", nameof(record));
        }

        if (record.Levels.Exists && (record.MostLevel < 1 || record.Levels.Shape != new Shape(record.Rows, record.MapHeight, record.MapWidth)))
        {
            throw new ArgumentException(
                $"The levels of a decision have shape {record.Levels.Shape} up to {record.MostLevel}; expected [{record.Rows}, {record.MapHeight}, {record.MapWidth}] and a largest one of 1 or more.",
                nameof(record));
        }
    }

    private static bool IsOfSamples(in DecisionRecord record) =>
        record.Kind == DecisionKind.Samples && record.Selected.Rows == 1 && record.Selected.Universe == record.Rows;

    private void Copy(Selection samples, in DecisionRecord record)
    {
        bool isOfSamples = IsOfSamples(record);
        int next = 0;
        for (int row = 0; row < record.Rows; row++)
        {
            int start = _unitCount;
            int universe = 1;
            if (!record.Selected.Exists)
            {
                // Nothing was chosen among: it was looked, or counted.
                AddUnit(0);
            }
            else if (!isOfSamples)
            {
                universe = record.Selected.Universe;
                AddUnits(record.Selected, row);
            }
            else if (record.Selected.IsAll || (next < record.Selected.Count && record.Selected.Indices[next] == row))
            {
                next++;
                AddUnit(0);
            }

            if (ChoiceCount == _choices.Length)
            {
                Array.Resize(ref _choices, Math.Max(64, 2 * ChoiceCount));
            }

            int sample = FirstSample + (samples.IsAll ? row : samples.Indices[row]);
            int values = _valueCount;
            AddValues(record.Views, row);
            AddValues(record.Levels, row);
            DecisionChoice choice = new(record.Layer, record.Kind, sample, universe, start, _unitCount - start, ScoreOf(record.Scores, row, start), record.UnitMacs)
            {
                MapHeight = record.MapHeight,
                MapWidth = record.MapWidth,
                ViewCount = record.Views.Exists ? record.Views.Shape[1] : 0,
                MostLevel = record.Levels.Exists ? record.MostLevel : 0,
                ValueStart = values,
            };
            _choices[ChoiceCount++] = record.UnitCosts.Exists ? WithCosts(choice, in record) : choice;
        }
    }

    private DecisionChoice WithCosts(in DecisionChoice choice, in DecisionRecord record)
    {
        ReadOnlySpan<float> costs = record.UnitCosts.Span;
        double chosen = 0;
        foreach (int unit in UnitsOf(in choice))
        {
            chosen += costs[unit];
        }

        double all = 0;
        foreach (float cost in costs)
        {
            all += cost;
        }

        return choice with { ChosenMacs = (long)chosen, DenseMacs = record.MostMacs > 0 ? record.MostMacs : (long)all };
    }

    // The score of the unit chosen first, or of the row where there is one score a row.
    private float ScoreOf(Tensor scores, int row, int start)
    {
        if (!scores.Exists)
        {
            return float.NaN;
        }

        int width = scores.Count / Math.Max(1, scores.Shape[0]);
        int unit = start < _unitCount && _units[start] < width ? _units[start] : 0;
        return width == 0 ? float.NaN : scores.Span[(row * width) + unit];
    }

    private void AddValues(Tensor values, int row)
    {
        if (!values.Exists)
        {
            return;
        }

        int width = values.Shape.ProductFrom(1);
        if (_valueCount + width > _values.Length)
        {
            Array.Resize(ref _values, Math.Max(_valueCount + width, 2 * _values.Length));
        }

        values.Span.Slice(row * width, width).CopyTo(_values.AsSpan(_valueCount));
        _valueCount += width;
    }

    private void AddUnits(Selection selected, int row)
    {
        if (!selected.IsAll)
        {
            foreach (int unit in selected.Row(row))
            {
                AddUnit(unit);
            }

            return;
        }

        for (int unit = 0; unit < selected.Universe; unit++)
        {
            AddUnit(unit);
        }
    }

    private void AddUnit(int unit)
    {
        if (_unitCount == _units.Length)
        {
            Array.Resize(ref _units, Math.Max(64, 2 * _unitCount));
        }

        _units[_unitCount++] = unit;
    }
}
