using System;
using System.IO;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Training;
using ManagedDyn.Layers.Training.Objectives;
using ManagedDyn.Layers.Training.Optimizers;
using ManagedDyn.Layers.Training.Schedules;
using Xunit;

namespace ManagedDyn.Tests.House;

/// <summary>The C# examples of the README, run as they stand there; <see cref="ReadmeTests"/> compares the text.</summary>
public class ReadmeExamples
{
    [Fact]
    public void Train_save_and_predict()
    {
        string folder = Directory.CreateTempSubdirectory("mdyn-readme").FullName;
        string file = Path.Combine(folder, "glyphs.safetensors");
        Train(file, new DatasetOptions { BuiltInTrainingCount = 300, BuiltInTestCount = 50 }, epochs: 1);
        float[] pixels = new float[32 * 32 * 3];
        string answer = Predict(file, pixels);
        Assert.Contains("MACs", answer, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    private static void Train(string file, DatasetOptions size, int epochs)
    {
        using Workers workers = new(Environment.ProcessorCount);
        ImageSplits data = Datasets.Open("glyphs", size, workers);
        Normalization normalization = Normalization.Measure(data.Training);
        ImageBatches batches = new(data.Training, normalization, 64, new RandomSource(1), new Augmentation { ShiftPixels = 2 });

        MsdNet network = new(new MsdNetOptions { Height = 32, Width = 32, InputChannels = 3, Classes = 10, StemStride = 2 });
        network.Initialize(new RandomSource(1));
        Trainer trainer = new(
            network, new MultiExitObjective(), new Sgd(network, momentum: 0.9f, decay: 5e-4f, isNesterov: true),
            new OneCycleSchedule(0.1, (long)epochs * batches.BatchCount), batches, null, new TrainerOptions { Epochs = epochs }, workers);
        trainer.Run(progress => Console.Write($"\rstep {progress.Step} of {progress.TotalSteps}"));

        ModelFile.Save(network, new ModelDescription { Labels = data.Training.ClassNames }, file);
    }

    private static string Predict(string file, float[] pixels)
    {
        Model model = ModelFile.Load(file);                  // checked, frozen, packed once; threads share it
        Session session = new(model);                        // cheap; one a thread, allocates nothing once warm
        float[] scores = new float[model.ClassCount];
        Prediction sure = session.Predict(pixels, scores, Budget.Confidence(0.9f));
        Prediction capped = session.Predict(pixels, scores, Budget.Macs(model.ExitMacs(1)));
        Prediction soon = session.Predict(pixels, scores, Budget.Deadline(TimeSpan.FromMilliseconds(2)));
        return $"{model.LabelName(sure.Label)} at exit {sure.ExitIndex}: {sure.MacsExecuted} of {sure.MacsDense} MACs, " +
            $"capped {capped.MacsExecuted}, in time {soon.MacsExecuted}";
    }
}
