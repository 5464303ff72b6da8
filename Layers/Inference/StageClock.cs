using System;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// Learns how long each stage takes on this machine, for one sample alone and for each sample of a batch. An estimate jumps up to a longer
/// time at once and comes down slowly, so that deadlines are kept.
/// </summary>
/// <remarks>
/// An estimate that keeps a stage from running also comes down, since a stage that never runs would never be measured again: to the shortest
/// time ever measured, and while there are only few measurements (the first ones are slow: code is compiled, memory is new) to what the
/// stages before it take for each MAC.
/// </remarks>
internal sealed class StageClock(Model model)
{
    private const double Descent = 0.25;
    private const double Relief = 0.9;
    private const int FewMeasurements = 3;

    private readonly Record[] _single = new Record[model.ExitCount];
    private readonly Record[] _perRow = new Record[model.ExitCount];

    /// <summary>Takes in how long a stage took.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="rows">The number of samples it ran for.</param>
    /// <param name="ticks">The time in ticks of the stopwatch.</param>
    public void Observe(int stage, int rows, long ticks)
    {
        ref Record record = ref Of(stage, rows);
        double measured = Math.Max(1.0, ticks) / rows;
        record.Shortest = record.Count == 0 ? measured : Math.Min(record.Shortest, measured);
        record.Estimate = measured > record.Estimate ? measured : record.Estimate + ((measured - record.Estimate) * Descent);
        record.Count++;
    }

    /// <summary>How long a stage will take for some rows, in ticks of the stopwatch; 0: nothing was ever measured.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="rows">The number of samples.</param>
    public double Estimate(int stage, int rows)
    {
        double estimate = Of(stage, rows).Estimate;
        return rows * (estimate > 0 ? estimate : ByMacs(stage, rows));
    }

    /// <summary>Takes in that a stage was not run because of its estimate.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="rows">The number of samples.</param>
    public void Relieve(int stage, int rows)
    {
        ref Record record = ref Of(stage, rows);
        double byMacs = ByMacs(stage, rows);
        double floor = record.Count == 0 ? byMacs
            : record.Count < FewMeasurements ? Math.Min(record.Shortest, byMacs)
            : record.Shortest;
        record.Estimate = Math.Max(record.Estimate * Relief, floor);
    }

    private ref Record Of(int stage, int rows) => ref rows == 1 ? ref _single[stage] : ref _perRow[stage];

    // As long for each MAC as the nearest stage before it that was measured.
    private double ByMacs(int stage, int rows)
    {
        for (int known = stage - 1; known >= 0; known--)
        {
            double before = Of(known, rows).Estimate;
            if (before == 0)
            {
                before = Math.Max(_single[known].Estimate, _perRow[known].Estimate);
            }

            if (before > 0)
            {
                return before * Macs(stage) / Macs(known);
            }
        }

        return 0;
    }

    private double Macs(int stage) => Math.Max(1, model.Network.StageMacs(stage));

    private struct Record
    {
        public double Estimate;
        public double Shortest;
        public int Count;
    }
}
