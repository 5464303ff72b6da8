using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Formats.Safetensors;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.Training;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training;

/// <summary>Training that was stopped or killed and resumed ends with the bits of an unbroken run.</summary>
public class ResumeTests
{
    private const int TotalSteps = TrainingRig.Epochs * TrainingRig.StepsAnEpoch;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Cancelled_at_any_step_it_goes_on_as_if_unbroken(bool isAdam)
    {
        (float[] expected, string log, _) = Unbroken(isAdam);
        for (int stop = 1; stop < TotalSteps; stop++)
        {
            using TrainingRig rig = new();
            using CancellationTokenSource source = new();
            (Trainer first, _) = TrainingRig.Make(rig.Options(), isAdam: isAdam);
            TrainingResult result = first.Run(progress => StopAt(progress, stop, source), source.Token);
            Assert.Equal(TrainingStatus.Cancelled, result.Status);
            Assert.Equal(stop, result.Step);
            (Trainer second, NoisyNetwork network) = TrainingRig.Make(rig.Options(), isAdam: isAdam);
            second.Resume(rig.CheckpointPath);
            Assert.Equal(stop, second.Step);
            Assert.Equal(TrainingStatus.Completed, TrainingRig.Run(second).Status);
            Assert.Equal(expected, TrainingRig.Weights(network));
            Assert.Equal(log, WithoutTimes(rig));
        }
    }

    [Fact]
    public void Killed_at_random_steps_it_goes_on_as_if_unbroken()
    {
        (float[] expected, string log, _) = Unbroken(isAdam: false);
        for (int trial = 0; trial < 12; trial++)
        {
            using TrainingRig rig = new();
            RandomStream random = new RandomSource((ulong)trial).Stream("kill");
            float[]? weights = null;
            for (int run = 0; weights is null; run++)
            {
                int kill = random.Integer(TotalSteps, trial, run, 0) + 1;
                (Trainer trainer, NoisyNetwork network) = TrainingRig.Make(rig.Options(checkpointSteps: 4));
                if (File.Exists(rig.CheckpointPath))
                {
                    trainer.Resume(rig.CheckpointPath);
                }

                try
                {
                    TrainingRig.Run(trainer, progress => KillAt(progress, kill));
                    weights = TrainingRig.Weights(network);
                }
                catch (OperationCanceledException)
                {
                    // The process would be gone: only the files remain.
                }
            }

            Assert.True(expected.AsSpan().SequenceEqual(weights), $"Trial {trial} ended with other weights.");
            Assert.Equal(log, WithoutTimes(rig));
        }
    }

    [Fact]
    public void Out_of_time_is_a_stop_like_any_other()
    {
        (float[] expected, _, _) = Unbroken(isAdam: false);
        using TrainingRig rig = new();
        TrainerOptions hurried = rig.Options() with { TimeLimit = TimeSpan.FromTicks(1) };
        (Trainer first, _) = TrainingRig.Make(hurried);
        Assert.Equal(TrainingStatus.OutOfTime, TrainingRig.Run(first).Status);
        (Trainer second, NoisyNetwork network) = TrainingRig.Make(rig.Options());
        second.Resume(rig.CheckpointPath);
        TrainingRig.Run(second);
        Assert.Equal(expected, TrainingRig.Weights(network));
    }

    [Fact]
    public void A_finished_run_resumes_to_its_end()
    {
        (float[] expected, _, byte[] checkpoint) = Unbroken(isAdam: false);
        using TrainingRig rig = new();
        File.WriteAllBytes(rig.CheckpointPath, checkpoint);
        (Trainer trainer, NoisyNetwork network) = TrainingRig.Make(rig.Options());
        trainer.Resume(rig.CheckpointPath);
        TrainingResult result = TrainingRig.Run(trainer);
        Assert.Equal(TrainingStatus.Completed, result.Status);
        Assert.True(result.BestAccuracy > 0.5);
        Assert.Equal(expected, TrainingRig.Weights(network));
        Assert.Throws<InvalidOperationException>(() => TrainingRig.Run(trainer));
    }

    [Fact]
    public void All_that_does_not_fit_is_listed_at_once_and_nothing_is_changed()
    {
        using TrainingRig rig = new();
        (Trainer first, _) = TrainingRig.Make(rig.Options() with { Epochs = 1 });
        TrainingRig.Run(first);
        (Trainer other, NoisyNetwork network) = TrainingRig.Make(rig.Options() with { Seed = 4, AverageDecay = null }, rate: 0.2, isAdam: true);
        float[] before = TrainingRig.Weights(network);
        StateMismatchException error = Assert.Throws<StateMismatchException>(() => other.Resume(rig.CheckpointPath));
        Assert.Contains("seed was 3; now it is 4", error.Mismatches);
        Assert.Contains("weight average was 0.9; now it is none", error.Mismatches);
        Assert.Contains(error.Mismatches, text => text.StartsWith("optimizer was sgd(", StringComparison.Ordinal));
        Assert.Contains(error.Mismatches, text => text.StartsWith("schedule was warmup(", StringComparison.Ordinal));
        Assert.Contains("'optimizer.momentum.exit0_bias' [5] is not expected", error.Mismatches);
        Assert.Contains("optimizer.mean.exit0_bias is missing; expected [5]", error.Mismatches);
        Assert.Equal(before, TrainingRig.Weights(network));
        Assert.Equal(0, other.Step);
    }

    [Fact]
    public void Damaged_checkpoints_are_refused_in_one_line()
    {
        using TrainingRig rig = new();
        (Trainer first, _) = TrainingRig.Make(rig.Options() with { Epochs = 1 });
        TrainingRig.Run(first);
        byte[] whole = File.ReadAllBytes(rig.CheckpointPath);
        (Trainer trainer, _) = TrainingRig.Make(rig.Options());
        for (int length = 0; length < whole.Length; length += 97)
        {
            File.WriteAllBytes(rig.CheckpointPath, whole[..length]);
            Assert.Throws<ModelFormatException>(() => trainer.Resume(rig.CheckpointPath));
        }

        foreach (string metadata in new[] { "", "[]", "{}", "{\"format\": 2}", "{\"format\": \"x\"}", "{\"format\": 1, \"settings\": 3}" })
        {
            SafetensorsWriter writer = new();
            writer.SetMetadata("manageddyn.training", metadata);
            writer.Save(rig.CheckpointPath);
            ModelFormatException error = Assert.Throws<ModelFormatException>(() => trainer.Resume(rig.CheckpointPath));
            Assert.DoesNotContain('\n', error.Message);
        }
    }

    [Fact]
    public void A_checkpoint_that_is_not_sound_in_its_midst_changes_nothing()
    {
        (float[] expected, string log, _) = Unbroken(isAdam: false);
        using TrainingRig rig = new();
        (Trainer first, _) = TrainingRig.Make(rig.Options() with { LogSteps = 0 });
        using CancellationTokenSource source = new();
        first.Run(progress => StopAt(progress, 4, source), source.Token);
        byte[] whole = File.ReadAllBytes(rig.CheckpointPath);
        (Trainer trainer, NoisyNetwork network) = TrainingRig.Make(rig.Options());
        foreach (string name in new[] { "optimizerSteps", "bestEpoch", "jsonLength", "statistics", "losses", "correct" })
        {
            byte[] damaged = (byte[])whole.Clone();
            int place = damaged.AsSpan().IndexOf(Encoding.UTF8.GetBytes(name));
            Assert.True(place > 0, name);
            damaged[place] = (byte)'X';
            File.WriteAllBytes(rig.CheckpointPath, damaged);
            Assert.Throws<ModelFormatException>(() => trainer.Resume(rig.CheckpointPath));
            Assert.Equal(0, trainer.Step);
        }

        TrainingRig.Run(trainer);
        Assert.Equal(expected, TrainingRig.Weights(network));
        Assert.Equal(log, WithoutTimes(rig));
    }

    private static (float[] Weights, string Log, byte[] Checkpoint) Unbroken(bool isAdam)
    {
        using TrainingRig rig = new();
        (Trainer trainer, NoisyNetwork network) = TrainingRig.Make(rig.Options(), isAdam: isAdam);
        Assert.Equal(TrainingStatus.Completed, TrainingRig.Run(trainer).Status);
        return (TrainingRig.Weights(network), WithoutTimes(rig), File.ReadAllBytes(rig.CheckpointPath));
    }

    private static void StopAt(TrainingProgress progress, int stop, CancellationTokenSource source)
    {
        if (progress.Step == stop)
        {
            source.Cancel();
        }
    }

    private static void KillAt(TrainingProgress progress, int kill)
    {
        if (progress.Step == kill)
        {
            throw new OperationCanceledException();
        }
    }

    // The column of seconds is all that may differ.
    private static string WithoutTimes(TrainingRig rig)
    {
        List<string> lines = [];
        foreach (string line in File.ReadAllLines(rig.Options().CsvPath!))
        {
            string[] cells = line.Split(',');
            cells[4] = string.Empty;
            lines.Add(string.Join(',', cells));
        }

        int json = File.ReadAllLines(rig.Options().JsonLinesPath!).Length;
        lines.Add(json.ToString(CultureInfo.InvariantCulture));
        return string.Join('\n', lines);
    }
}
