using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Study;

/// <summary>How many runs of a study are trained side by side, and by how many threads each.</summary>
public sealed record StudyJobs(int Count, int Threads)
{
    /// <summary>So many side by side are not exceeded unless asked for: each run holds a network, its gradients and a workspace of its own.</summary>
    public const int MostUsual = 4;

    /// <summary>What was asked for; else as many runs as there are cores for, of one thread: networks of this size leave a second thread little to do.</summary>
    /// <param name="jobs">Runs side by side; null: not said.</param>
    /// <param name="threads">Threads of each; null: not said.</param>
    /// <param name="cores">The machine's.</param>
    public static StudyJobs Of(int? jobs, int? threads, int cores)
    {
        int count = jobs ?? Math.Clamp(cores / (threads ?? 1), 1, MostUsual);
        return new StudyJobs(count, threads ?? Math.Max(1, cores / count));
    }

    /// <summary>Makes all runs of a queue and returns the rows in their order.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="tool">What the verb was given.</param>
    /// <param name="folder">Where the runs are.</param>
    /// <param name="data">The data sets.</param>
    public IReadOnlyList<StudyRow> Complete(StudyQueue queue, ToolContext tool, StudyFolder folder, StudyData data)
    {
        ArgumentNullException.ThrowIfNull(queue);
        ArgumentNullException.ThrowIfNull(tool);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(tool.Cancellation);

        // One job shows how far it is; several would draw over each other's lines.
        Terminal terminal = Count == 1 ? tool.Terminal : new Terminal(tool.Terminal.Out, TextWriter.Synchronized(tool.Terminal.Error), isErrorTerminal: false, isOutputTerminal: false);
        List<Workers> workers = [];
        try
        {
            List<StudyRunner> runners = [];
            for (int job = 0; job < Count; job++)
            {
                workers.Add(new Workers(Threads));
                runners.Add(new StudyRunner(new ToolContext(terminal, stop.Token), folder, data, workers[job]));
            }

            return queue.Complete(runners, stop);
        }
        finally
        {
            foreach (Workers each in workers)
            {
                each.Dispose();
            }
        }
    }
}
