using System;
using System.Text.Json;
using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Layers.Training;

/// <summary>Where training is, besides tensors: what a checkpoint holds of it as JSON.</summary>
internal sealed class TrainingState(int exits, AnswerKind answers = AnswerKind.Label)
{
    /// <summary>Steps made.</summary>
    public long Step { get; set; }

    /// <summary>Steps that the optimizer has made.</summary>
    public long OptimizerSteps { get; set; }

    /// <summary>The time trained.</summary>
    public TimeSpan Elapsed { get; set; }

    /// <summary>The best accuracy of the last exit in any validation.</summary>
    public double BestAccuracy { get; set; }

    /// <summary>Its epoch; −1: none yet.</summary>
    public int BestEpoch { get; set; } = -1;

    /// <summary>How much of the logs belongs to the steps made.</summary>
    public long CsvLength { get; set; }

    /// <summary>How much of the logs belongs to the steps made.</summary>
    public long JsonLength { get; set; }

    /// <summary>The sums since the epoch began.</summary>
    public ExitStatistics Statistics { get; } = new(exits, answers);

    public void Write(Utf8JsonWriter json)
    {
        json.WriteNumber("step", Step);
        json.WriteNumber("optimizerSteps", OptimizerSteps);
        json.WriteNumber("elapsedTicks", Elapsed.Ticks);
        json.WriteNumber("bestAccuracy", BestAccuracy);
        json.WriteNumber("bestEpoch", BestEpoch);
        json.WriteNumber("csvLength", CsvLength);
        json.WriteNumber("jsonLength", JsonLength);
        json.WritePropertyName("statistics");
        Statistics.Write(json);
    }

    /// <summary>Takes all over, or nothing when something is not sound.</summary>
    public void Read(JsonElement json)
    {
        long step = Natural(json, "step");
        long optimizerSteps = Natural(json, "optimizerSteps");
        TimeSpan elapsed = TimeSpan.FromTicks(Natural(json, "elapsedTicks"));
        double bestAccuracy = json.GetProperty("bestAccuracy").GetDouble();
        int bestEpoch = json.GetProperty("bestEpoch").GetInt32();
        long csvLength = Natural(json, "csvLength");
        long jsonLength = Natural(json, "jsonLength");
        Statistics.Read(json.GetProperty("statistics"));
        Step = step;
        OptimizerSteps = optimizerSteps;
        Elapsed = elapsed;
        BestAccuracy = bestAccuracy;
        BestEpoch = bestEpoch;
        CsvLength = csvLength;
        JsonLength = jsonLength;
    }

    private static long Natural(JsonElement json, string name)
    {
        long value = json.GetProperty(name).GetInt64();
        return value >= 0 ? value : throw new FormatException($"{name} is {value}; expected 0 or more.");
    }
}
