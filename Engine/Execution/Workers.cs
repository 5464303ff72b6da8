using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Threading;

namespace ManagedDyn.Engine.Execution;

/// <summary>
/// A small set of threads that sessions may share. Work is cut into parts by its geometry alone, and parts are handed out in order, so
/// that results never depend on the number of threads. A caller that finds the workers busy runs its parts itself.
/// </summary>
public sealed class Workers : IDisposable
{
    // Waiting threads look for so long before they sleep: parts of one network follow each other within microseconds, and waking a thread, or the
    // virtual core that it sleeps on, takes longer than many a part. No thread gives its turn away meanwhile: on a busy machine it would come back late.
    private const double WatchSeconds = 100e-6;

    // About a third of a microsecond between two looks.
    private const int PauseLength = 8;

    private readonly long _watchTicks;
    private readonly Dictionary<Type, Job> _jobs = [];
    private readonly object _gate = new();
    private readonly Thread[] _threads;
    private readonly ManualResetEventSlim[] _wake;
    private readonly ManualResetEventSlim _done = new(false, 0);

    // The run's number (16 bits), its number of parts (24) and the next part (24), changed together: a thread that comes late to a run
    // that has ended finds no part left in it, and cannot take one of the next run under the old run's name.
    private const int PartBits = 24;
    private const int MaximumParts = (1 << PartBits) - 1;

    private long _ticket;
    private Job? _job;
    private int _completed;
    private Exception? _failure;
    private volatile bool _stopping;

    /// <summary>Makes a set of threads.</summary>
    /// <param name="threads">How many threads work at once, the calling one included; at least 1.</param>
    public Workers(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _watchTicks = threads <= Environment.ProcessorCount ? (long)(WatchSeconds * Stopwatch.Frequency) : 0;
        _threads = new Thread[threads - 1];
        _wake = new ManualResetEventSlim[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            _wake[i] = new ManualResetEventSlim(false, 0);
            int index = i;
            _threads[i] = new Thread(() => Loop(index)) { IsBackground = true, Name = $"ManagedDyn worker {i + 1}" };
            _threads[i].Start();
        }
    }

    /// <summary>How many threads work at once, the calling one included.</summary>
    public int Threads { get; }

    /// <summary>Runs all parts and returns when they are done. Allocates nothing once this kind of work has been seen.</summary>
    /// <typeparam name="TWork">The work's type: a struct, so that it is not boxed.</typeparam>
    /// <param name="parts">The number of parts.</param>
    /// <param name="work">The work.</param>
    /// <exception cref="Exception">What a part threw, after every part that began has ended.</exception>
    public void Run<TWork>(int parts, in TWork work)
        where TWork : struct, IParallelWork
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parts, MaximumParts);
        if (_threads.Length == 0 || parts <= 1 || !Monitor.TryEnter(_gate))
        {
            RunInline(parts, in work);
            return;
        }

        try
        {
            // A part that itself asks for parallel work holds the gate already: run it inline.
            if (_job is not null)
            {
                RunInline(parts, in work);
                return;
            }

            RunShared(parts, in work);
        }
        finally
        {
            Monitor.Exit(_gate);
        }
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        if (_stopping)
        {
            return;
        }

        _stopping = true;
        foreach (ManualResetEventSlim wake in _wake)
        {
            wake.Set();
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        foreach (ManualResetEventSlim wake in _wake)
        {
            wake.Dispose();
        }

        _done.Dispose();
    }

    // A copy for each part, as the threads have it: no part sees another's fields.
    private static void RunInline<TWork>(int parts, in TWork work)
        where TWork : struct, IParallelWork
    {
        for (int part = 0; part < parts; part++)
        {
            TWork own = work;
            own.Execute(part);
        }
    }

    private void RunShared<TWork>(int parts, in TWork work)
        where TWork : struct, IParallelWork
    {
        ObjectDisposedException.ThrowIf(_stopping, this);
        if (!_jobs.TryGetValue(typeof(TWork), out Job? known))
        {
            known = new Job<TWork>();
            _jobs.Add(typeof(TWork), known);
        }

        ((Job<TWork>)known).Work = work;
        _completed = 0;
        _failure = null;
        _done.Reset();
        _job = known;
        long run = (_ticket >> (2 * PartBits)) + 1;
        Volatile.Write(ref _ticket, (run << (2 * PartBits)) | ((long)parts << PartBits));
        int helpers = Math.Min(parts - 1, _wake.Length);
        for (int i = 0; i < helpers; i++)
        {
            _wake[i].Set();
        }

        TakeParts();
        Wait(_done);
        _job = null;
        ((Job<TWork>)known).Work = default;
        if (_failure is not null)
        {
            ExceptionDispatchInfo.Throw(_failure);
        }
    }

    private void Wait(ManualResetEventSlim signal)
    {
        if (_watchTicks > 0)
        {
            long start = Stopwatch.GetTimestamp();
            do
            {
                if (signal.IsSet)
                {
                    return;
                }

                Thread.SpinWait(PauseLength);
            }
            while (Stopwatch.GetTimestamp() - start < _watchTicks);
        }

        signal.Wait();
    }

    private void Loop(int index)
    {
        while (true)
        {
            Wait(_wake[index]);
            _wake[index].Reset();
            if (_stopping)
            {
                return;
            }

            TakeParts();
        }
    }

    private void TakeParts()
    {
        while (true)
        {
            long ticket = Volatile.Read(ref _ticket);
            int part = (int)(ticket & MaximumParts);
            int parts = (int)((ticket >> PartBits) & MaximumParts);
            if (part >= parts)
            {
                return;
            }

            if (Interlocked.CompareExchange(ref _ticket, ticket + 1, ticket) != ticket)
            {
                continue;
            }

            // The part is taken in the run that is current, and that run cannot end before the part has: the job is its job.
            try
            {
                _job!.Execute(part);
            }
            catch (Exception failure)
            {
                Interlocked.CompareExchange(ref _failure, failure, null);
            }

            if (Interlocked.Increment(ref _completed) == parts)
            {
                _done.Set();
            }
        }
    }

    private abstract class Job
    {
        public abstract void Execute(int part);
    }

    private sealed class Job<TWork> : Job
        where TWork : struct, IParallelWork
    {
        public TWork Work;

        // A copy for each part: parts run at the same time and must not see each other's fields.
        public override void Execute(int part)
        {
            TWork own = Work;
            own.Execute(part);
        }
    }
}
