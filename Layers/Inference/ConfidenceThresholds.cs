using System;

namespace ManagedDyn.Layers.Inference;

/// <summary>How sure a stream must be after each of its pieces: the part of a budget that is about confidence.</summary>
internal sealed class ConfidenceThresholds
{
    private readonly float _uniform = ExitThresholds.Never;
    private readonly float[]? _values;

    public ConfidenceThresholds(Model model, Budget budget, bool hasExits)
    {
        if (budget.MacsCap > 0 || budget.TimeLimit > TimeSpan.Zero)
        {
            throw new ArgumentException("A stream was given a budget of MACs or time; expected one of confidence, thresholds or an operating point.", nameof(budget));
        }

        switch (budget.Rule)
        {
            case BudgetRule.None:
                return;
            case BudgetRule.Uniform:
                _uniform = budget.Value;
                return;
        }

        ExitThresholds thresholds = budget.Rule == BudgetRule.Explicit ? budget.Explicit! : model.FindPoint(budget.Point).Thresholds.Scale(budget.Value);
        if (thresholds.Count != model.ExitCount - 1)
        {
            throw new ArgumentException($"The budget has {thresholds.Count} thresholds; expected {model.ExitCount - 1}, one for each exit but the last.", nameof(budget));
        }

        // Where pieces are no exits there is nothing to leave by: the last piece says it.
        _values = hasExits ? thresholds.Values.ToArray() : null;
    }

    /// <summary>The threshold of an exit; the last lets everybody leave.</summary>
    public float At(int exit) => _values is null ? _uniform : exit < _values.Length ? _values[exit] : 0;
}
