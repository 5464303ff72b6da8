using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Training;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training;

public class TrainerTests
{
    [Fact]
    public void It_learns_and_tells_how_far_it_is()
    {
        using TrainingRig rig = new();
        (Trainer trainer, _) = TrainingRig.Make(rig.Options() with { Epochs = 12 });
        List<TrainingProgress> all = [];
        TrainingResult result = TrainingRig.Run(trainer, all.Add);
        Assert.Equal(TrainingStatus.Completed, result.Status);
        Assert.Equal(12 * TrainingRig.StepsAnEpoch, all.Count);
        Assert.Equal(12, result.Epochs);
        Assert.True(all[^1].Training.Loss < 0.6 * all[TrainingRig.StepsAnEpoch - 1].Training.Loss);
        Assert.True(result.Validation!.Accuracies[1] > 0.8, $"Accuracy {result.Validation.Accuracies[1]}");
        Assert.Equal(2, result.Validation.Losses.Count);
        Assert.Equal(20, result.Validation.Samples);
        for (int i = 0; i < all.Count; i++)
        {
            bool isEpochEnd = (i + 1) % TrainingRig.StepsAnEpoch == 0;
            Assert.Equal(i + 1, all[i].Step);
            Assert.Equal(i / TrainingRig.StepsAnEpoch, all[i].Epoch);
            Assert.Equal(isEpochEnd, all[i].Validation is not null);
            Assert.Equal(10 * ((i % TrainingRig.StepsAnEpoch) + 1), all[i].Training.Samples);
        }

        Assert.Equal(TimeSpan.Zero, all[^1].Remaining);
        Assert.True(result.Times.Forward > TimeSpan.Zero && result.Times.Backward > TimeSpan.Zero);
    }

    [Fact]
    public void Threads_do_not_change_a_bit()
    {
        using TrainingRig rig = new();
        using Workers one = new(1);
        using Workers two = new(2);
        (Trainer first, NoisyNetwork alone) = TrainingRig.Make(rig.Options(), one);
        (Trainer second, NoisyNetwork shared) = TrainingRig.Make(rig.Options(), two);
        TrainingRig.Run(first);
        TrainingRig.Run(second);
        Assert.Equal(TrainingRig.Weights(alone), TrainingRig.Weights(shared));
    }

    [Fact]
    public void Poisoned_samples_stop_it_with_step_and_tensor_and_the_last_checkpoint_stays()
    {
        using TrainingRig rig = new();
        (Trainer good, _) = TrainingRig.Make(rig.Options() with { Epochs = 2 });
        TrainingRig.Run(good);
        byte[] kept = File.ReadAllBytes(rig.CheckpointPath);
        (Trainer bad, _) = TrainingRig.Make(rig.Options(), poisoned: 17);
        bad.Resume(rig.CheckpointPath);
        TrainingDivergedException error = Assert.Throws<TrainingDivergedException>(() => TrainingRig.Run(bad));
        Assert.Equal("the batch of samples", error.TensorName);
        Assert.InRange(error.Step, 2 * TrainingRig.StepsAnEpoch, (3 * TrainingRig.StepsAnEpoch) - 1);
        Assert.Contains(rig.CheckpointPath, error.Message, StringComparison.Ordinal);
        Assert.Equal(kept, File.ReadAllBytes(rig.CheckpointPath));
    }

    [Fact]
    public void A_parameter_that_leaves_the_numbers_is_named_and_never_saved()
    {
        using TrainingRig rig = new();
        (Trainer trainer, _) = TrainingRig.Make(rig.Options(checkpointSteps: 1) with { ClipNorm = null }, rate: 1e38);
        TrainingDivergedException error = Assert.Throws<TrainingDivergedException>(() => TrainingRig.Run(trainer));
        Assert.NotEmpty(error.TensorName);
        if (File.Exists(rig.CheckpointPath))
        {
            (Trainer again, NoisyNetwork network) = TrainingRig.Make(rig.Options() with { ClipNorm = null }, rate: 1e38);
            again.Resume(rig.CheckpointPath);
            Assert.All(TrainingRig.Weights(network), value => Assert.True(float.IsFinite(value)));
        }
    }

    [Fact]
    public void Logs_hold_a_line_for_each_report()
    {
        using TrainingRig rig = new();
        (Trainer trainer, _) = TrainingRig.Make(rig.Options());
        TrainingRig.Run(trainer);
        string[] csv = File.ReadAllLines(rig.Options().CsvPath!);
        string[] json = File.ReadAllLines(rig.Options().JsonLinesPath!);

        // Steps 2 and 4 of each epoch, its end, and the validation.
        Assert.Equal(1 + (4 * TrainingRig.Epochs), csv.Length);
        Assert.Equal(csv.Length - 1, json.Length);
        Assert.Equal("kind,step,epoch,rate,seconds,loss,exit0_loss,exit0_accuracy,exit1_loss,exit1_accuracy", csv[0]);
        Assert.StartsWith("validation,24,3,", csv[^1], StringComparison.Ordinal);
        foreach (string line in json)
        {
            using JsonDocument document = JsonDocument.Parse(line);
            Assert.Equal(2, document.RootElement.GetProperty("accuracies").GetArrayLength());
        }
    }

    [Fact]
    public void Data_that_does_not_fit_and_senseless_options_are_refused()
    {
        NoisyNetwork network = new(BlobSource.Inputs, 4, 1);
        BlobSource wrong = new(20, 10, 5, 1, shuffles: true);
        BlobSource right = new(20, 10, 4, 1, shuffles: true);
        Assert.Throws<ArgumentException>(() => Make(wrong, new TrainerOptions()));
        Assert.Throws<ArgumentException>(() => Make(new BlobSource(5, 10, 4, 1, shuffles: true), new TrainerOptions()));
        Assert.Throws<ArgumentOutOfRangeException>(() => Make(right, new TrainerOptions { Epochs = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Make(right, new TrainerOptions { ClipNorm = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Make(right, new TrainerOptions { AverageDecay = 1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Make(right, new TrainerOptions { TimeLimit = TimeSpan.Zero }));

        Trainer Make(BlobSource source, TrainerOptions options) =>
            new(network, new ManagedDyn.Layers.Training.Objectives.MultiExitObjective(), new ManagedDyn.Layers.Training.Optimizers.Sgd(network), new ManagedDyn.Layers.Training.Schedules.ConstantSchedule(0.1), source, null, options);
    }
}
