using System;
using System.IO;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Data.Text;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Mechanisms;
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

    [Fact]
    public void Classify_a_text()
    {
        string folder = Directory.CreateTempSubdirectory("mdyn-readme").FullName;
        string file = Path.Combine(folder, "intents.safetensors");
        WordTokenizer words = WordTokenizer.Train(["my card was declined", "where is my card"], 20);
        ExitTransformerOptions options = new() { Vocabulary = words.Vocabulary, Length = 8, Width = 8, Heads = 2, Hidden = 8, Layers = 2 };
        StagedNetwork network = ExitTransformer.Create(options);
        network.Initialize(new RandomSource(1));
        ModelDescription description = new() { Encoding = new TextEncoding(words, 8), Labels = ["declined", "lost"], Points = [new OperatingPoint("usual", new ExitThresholds([0.9f]))] };
        ModelFile.Save(network, description, file);
        Assert.Contains(Classify(file), description.Labels);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Watch_a_stream()
    {
        string folder = Directory.CreateTempSubdirectory("mdyn-readme").FullName;
        string file = Path.Combine(folder, "video.safetensors");
        StagedNetwork network = new FrameExit(new FrameExitOptions { Frames = 4, Height = 8, Width = 8, Channels = [4] });
        network.Initialize(new RandomSource(1));
        ModelFile.Save(network, new ModelDescription(), file);
        Assert.Equal(4, Watch(file, [new float[64], new float[64], new float[64], new float[64]]));
        Directory.Delete(folder, recursive: true);
    }

    private static int Watch(string file, float[][] frames)
    {
        Model video = ModelFile.Load(file);
        StreamSession stream = new(video, Budget.Confidence(0.9f));
        StreamAnswer seen = default;
        while (stream.CanPush && !seen.IsSure)
        {
            seen = stream.WillRead ? stream.Push(frames[stream.NextPiece]) : stream.Skip();
        }

        byte[] saved = stream.Save();
        StreamSession later = new(video);
        later.Restore(saved);
        return later.Pieces;
    }

    private static string Classify(string file)
    {
        Model model = ModelFile.Load(file);
        TextEncoding encoding = (TextEncoding)model.Encoding!;
        float[] tokens = new float[encoding.Length];
        encoding.Tokenizer.Encode("why was my card declined?", tokens, []);
        Prediction answer = new Session(model).Predict(tokens, [], Budget.Calibrated());
        string label = answer.Confidence < model.Description.LeastConfidence ? "none" : model.LabelName(answer.Label);
        return label;
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
