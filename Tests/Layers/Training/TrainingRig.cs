using System;
using System.Collections.Generic;
using System.IO;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.Training;
using ManagedDyn.Layers.Training.Objectives;
using ManagedDyn.Layers.Training.Optimizers;
using ManagedDyn.Layers.Training.Schedules;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training;

/// <summary>A small training that can be set up again and again, in a folder of its own.</summary>
public sealed class TrainingRig : IDisposable
{
    public const int Classes = 5;
    public const int Epochs = 4;
    public const int StepsAnEpoch = 6;

    public string Folder { get; } = Directory.CreateTempSubdirectory("mdyn-test-").FullName;

    public string CheckpointPath => Path.Combine(Folder, "checkpoint.safetensors");

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    public TrainerOptions Options(int checkpointSteps = 0) => new()
    {
        Epochs = Epochs,
        Seed = 3,
        ClipNorm = 2,
        AverageDecay = 0.9f,
        CheckpointPath = CheckpointPath,
        CheckpointSteps = checkpointSteps,
        LogSteps = 2,
        CsvPath = Path.Combine(Folder, "log.csv"),
        JsonLinesPath = Path.Combine(Folder, "log.jsonl"),
    };

    public static (Trainer Trainer, NoisyNetwork Network) Make(TrainerOptions options, Workers? workers = null, double rate = 0.1, int poisoned = -1, bool isAdam = false)
    {
        NoisyNetwork network = new(BlobSource.Inputs, Classes, 7);
        Optimizer optimizer = isAdam ? new AdamW(network) : new Sgd(network, 0.9f, 1e-3f, true);
        Schedule schedule = new WarmupSchedule(new CosineSchedule(rate, 22), 2);
        MultiExitObjective objective = new([0.5f, 1], 0.05f, 0.5f);
        BlobSource training = new(StepsAnEpoch * 10, 10, Classes, 1, shuffles: true) { Poisoned = poisoned };
        BlobSource validation = new(20, 20, Classes, 2, shuffles: false);
        return (new Trainer(network, objective, optimizer, schedule, training, validation, options, workers), network);
    }

    public static TrainingResult Run(Trainer trainer, Action<TrainingProgress>? progress = null) =>
        trainer.Run(progress, TestContext.Current.CancellationToken);

    public static float[] Weights(Module network)
    {
        List<float> all = [];
        foreach ((_, Parameter parameter) in network.NamedParameters())
        {
            all.AddRange(parameter.Value.ToArray());
        }

        return [.. all];
    }
}
