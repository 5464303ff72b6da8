using System;
using System.Collections.Generic;
using System.Runtime.ExceptionServices;
using System.Threading;
using ManagedDyn.Tool.Training;

namespace ManagedDyn.Tool.Study;

/// <summary>
/// The runs of a study, handed out in the order of its rows to as many jobs as there are runners: a static counterpart first, then what is compared with it. A run that several rows
/// share is made once. The order in which runs end changes nothing of what they come to.
/// </summary>
public sealed class StudyQueue
{
    private readonly IReadOnlyList<StudyEntry> _entries;
    private readonly int _pairs;
    private readonly StudyFolder _folder;
    private readonly Action<StudyRow, int> _told;
    private readonly List<Item> _items = [];
    private readonly Dictionary<string, StudyRun> _results = new(StringComparer.Ordinal);
    private readonly StudyRow?[] _rows;
    private readonly object _gate = new();
    private ExceptionDispatchInfo? _failure;
    private int _next;
    private int _rowsDone;

    /// <summary>Makes the queue.</summary>
    /// <param name="entries">The rows.</param>
    /// <param name="pairs">Runs of each method and of its counterpart.</param>
    /// <param name="folder">Where the runs are.</param>
    /// <param name="told">Is given each row when its runs are done, and how many are by then; never called twice at once.</param>
    public StudyQueue(IReadOnlyList<StudyEntry> entries, int pairs, StudyFolder folder, Action<StudyRow, int> told)
    {
        ArgumentNullException.ThrowIfNull(entries);
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(told);
        ArgumentOutOfRangeException.ThrowIfLessThan(pairs, 1);
        _entries = entries;
        _pairs = pairs;
        _folder = folder;
        _told = told;
        _rows = new StudyRow?[entries.Count];
        HashSet<string> listed = new(StringComparer.Ordinal);
        foreach (StudyEntry entry in entries)
        {
            for (int pair = 0; pair < pairs; pair++)
            {
                foreach (bool isStatic in (ReadOnlySpan<bool>)[true, false])
                {
                    if (listed.Add(PathOf(entry, pair, isStatic)))
                    {
                        _items.Add(new Item(entry, pair, isStatic));
                    }
                }
            }
        }
    }

    /// <summary>The plan of one of the pairs of runs: each has a seed, and where folds are tested in turn a fold, of its own.</summary>
    public static TrainingPlan Pair(TrainingPlan plan, int pair)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return plan with { Seed = pair + 1, Fold = plan.Folds > 0 ? pair : 0 };
    }

    /// <summary>Makes all runs and returns the rows in their order.</summary>
    /// <param name="runners">A runner for each job; the first works on the calling thread.</param>
    /// <param name="stop">Tells the other jobs to stop when one has failed.</param>
    public IReadOnlyList<StudyRow> Complete(IReadOnlyList<StudyRunner> runners, CancellationTokenSource stop)
    {
        ArgumentNullException.ThrowIfNull(runners);
        ArgumentNullException.ThrowIfNull(stop);
        Thread[] others = new Thread[runners.Count - 1];
        for (int i = 0; i < others.Length; i++)
        {
            StudyRunner runner = runners[i + 1];
            others[i] = new Thread(() => Work(runner, stop)) { Name = $"study job {i + 2}" };
            others[i].Start();
        }

        Work(runners[0], stop);
        foreach (Thread other in others)
        {
            other.Join();
        }

        _failure?.Throw();
        return Array.ConvertAll(_rows, static row => row!);
    }

    private void Work(StudyRunner runner, CancellationTokenSource stop)
    {
        try
        {
            while (Take() is Item item)
            {
                StudyEntry entry = item.Entry;
                StudyRun run = item.IsStatic ? runner.Run(Pair(entry.Static, item.Pair)) : runner.Run(Pair(entry.Method, item.Pair), () => MostMacs(item), entry.Spends);
                Give(item, run);
            }
        }
        catch (Exception e)
        {
            lock (_gate)
            {
                _failure ??= ExceptionDispatchInfo.Capture(e);
                Monitor.PulseAll(_gate);
            }

            stop.Cancel();
        }
    }

    private Item? Take()
    {
        lock (_gate)
        {
            return _failure is null && _next < _items.Count ? _items[_next++] : null;
        }
    }

    // Waits for the counterpart, which was handed out before and itself waits for nothing.
    private double MostMacs(Item item)
    {
        if (item.Entry.Claim != StudyClaim.SavesCompute)
        {
            return double.PositiveInfinity;
        }

        string path = PathOf(item.Entry, item.Pair, isStatic: true);
        lock (_gate)
        {
            StudyRun? counterpart;
            while (!_results.TryGetValue(path, out counterpart))
            {
                if (_failure is not null)
                {
                    throw new OperationCanceledException();
                }

                Monitor.Wait(_gate);
            }

            return item.Entry.MostMacs * counterpart.MeanMacs;
        }
    }

    private void Give(Item item, StudyRun run)
    {
        lock (_gate)
        {
            _results.Add(PathOf(item.Entry, item.Pair, item.IsStatic), run);
            for (int row = 0; row < _rows.Length; row++)
            {
                if (_rows[row] is null && RunsOf(_entries[row], isStatic: false) is { } method && RunsOf(_entries[row], isStatic: true) is { } counterpart)
                {
                    _rows[row] = new StudyRow(_entries[row], method, counterpart);
                    _told(_rows[row]!, ++_rowsDone);
                }
            }

            Monitor.PulseAll(_gate);
        }
    }

    // All runs of one side of a row; null: some are not done.
    private List<StudyRun>? RunsOf(StudyEntry entry, bool isStatic)
    {
        List<StudyRun> runs = [];
        for (int pair = 0; pair < _pairs; pair++)
        {
            if (!_results.TryGetValue(PathOf(entry, pair, isStatic), out StudyRun? run))
            {
                return null;
            }

            runs.Add(run);
        }

        return runs;
    }

    private string PathOf(StudyEntry entry, int pair, bool isStatic) => _folder.RunOf(Pair(isStatic ? entry.Static : entry.Method, pair)).Path;

    private sealed record Item(StudyEntry Entry, int Pair, bool IsStatic);
}
