using System;
using System.Diagnostics;

namespace ManagedDyn.Layers.Training;

/// <summary>Where the time of a run went.</summary>
public sealed class TrainingTimes
{
    /// <summary>Making batches.</summary>
    public TimeSpan Data { get; private set; }

    /// <summary>Running the network and its objective forward.</summary>
    public TimeSpan Forward { get; private set; }

    /// <summary>Running them backward.</summary>
    public TimeSpan Backward { get; private set; }

    /// <summary>Updating parameters.</summary>
    public TimeSpan Update { get; private set; }

    /// <summary>Validating.</summary>
    public TimeSpan Validation { get; private set; }

    /// <summary>Making batches, forward, backward and updating together.</summary>
    internal TimeSpan Steps => Data + Forward + Backward + Update;

    internal void AddData(ref long mark) => Data += Lap(ref mark);

    internal void AddForward(ref long mark) => Forward += Lap(ref mark);

    internal void AddBackward(ref long mark) => Backward += Lap(ref mark);

    internal void AddUpdate(ref long mark) => Update += Lap(ref mark);

    internal void AddValidation(ref long mark) => Validation += Lap(ref mark);

    private static TimeSpan Lap(ref long mark)
    {
        long now = Stopwatch.GetTimestamp();
        TimeSpan time = Stopwatch.GetElapsedTime(mark, now);
        mark = now;
        return time;
    }
}
