using System;
using System.IO;
using System.Threading;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.Training;
using ManagedDyn.Layers.Training.Objectives;
using ManagedDyn.Layers.Training.Optimizers;
using ManagedDyn.Layers.Training.Schedules;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training;

/// <summary>A convolutional network with two exits on augmented images: the whole way from bytes to weights keeps its bits.</summary>
public sealed class ImageTrainingTests : IDisposable
{
    private const int Side = 12;
    private const int Classes = 4;
    private readonly string _folder = Directory.CreateTempSubdirectory("mdyn-test-").FullName;

    private string CheckpointPath => Path.Combine(_folder, "checkpoint.safetensors");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Threads_do_not_change_a_bit_of_a_whole_training()
    {
        float[] one = Train(threads: 1, out double accuracy);
        Assert.Equal(one, Train(threads: 2, out _));
        Assert.Equal(one, Train(threads: 3, out _));
        Assert.True(accuracy > 0.9, $"Accuracy {accuracy}");
    }

    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(17)]
    public void Stopped_and_resumed_with_other_threads_it_ends_with_the_same_bits(int stop)
    {
        float[] expected = Train(threads: 2, out _);
        using (Workers workers = new(2))
        {
            using CancellationTokenSource source = new();
            (Trainer trainer, _) = Make(workers);
            trainer.Run(progress => CancelAt(progress, stop, source), source.Token);
        }

        using Workers others = new(1);
        (Trainer resumed, IntermediateClassifiers network) = Make(others);
        resumed.Resume(CheckpointPath);
        Assert.Equal(stop, resumed.Step);
        TrainingRig.Run(resumed);
        Assert.Equal(expected, TrainingRig.Weights(network));
    }

    private static void CancelAt(TrainingProgress progress, int stop, CancellationTokenSource source)
    {
        if (progress.Step == stop)
        {
            source.Cancel();
        }
    }

    [Fact]
    public void Other_augmentation_or_normalisation_is_refused_with_both_values()
    {
        using Workers workers = new(1);
        using CancellationTokenSource source = new();
        Make(workers).Trainer.Run(progress => CancelAt(progress, 2, source), source.Token);
        string shifted = Assert.Throws<StateMismatchException>(() => Make(workers, shift: 2).Trainer.Resume(CheckpointPath)).Message;
        Assert.Contains("augmentation was shift 1, flip", shifted, StringComparison.Ordinal);
        Assert.Contains("now it is shift 2, flip", shifted, StringComparison.Ordinal);
        string others = Assert.Throws<StateMismatchException>(() => Make(workers, images: 7).Trainer.Resume(CheckpointPath)).Message;
        Assert.Contains("normalisation was mean 0.", others, StringComparison.Ordinal);
        Make(workers).Trainer.Resume(CheckpointPath);
    }

    private float[] Train(int threads, out double accuracy)
    {
        using Workers workers = new(threads);
        (Trainer trainer, IntermediateClassifiers network) = Make(workers);
        accuracy = TrainingRig.Run(trainer).Validation!.Accuracies[^1];
        return TrainingRig.Weights(network);
    }

    private (Trainer Trainer, IntermediateClassifiers Network) Make(Workers workers, int shift = 1, ulong images = 1)
    {
        ImageDataset training = Images(96, images);
        Normalization normalization = Normalization.Measure(training);
        Augmentation augmentation = new() { ShiftPixels = shift, Flip = true, EraseProbability = 0.2f, EraseSize = 0.3f };
        ImageBatches batches = new(training, normalization, 16, new RandomSource(5), augmentation, dropLast: true);
        ImageBatches validation = new(Images(40, 2), normalization, 16);
        IntermediateClassifiers network = new(
            training.ImageShape,
            [new Sequential(new ConvBlock(1, 16, 3), new ConvBlock(16, 16, 3, 2)), new Sequential(new ConvBlock(16, 24, 3, 2))],
            [new Sequential(new GlobalAveragePool(), new Linear(16, Classes)), new Sequential(new GlobalAveragePool(), new Linear(24, Classes))]);
        network.Initialize(new RandomSource(6));
        TrainerOptions options = new() { Epochs = 6, CheckpointPath = CheckpointPath, AverageDecay = 0.8f };
        Trainer trainer = new(
            network, new MultiExitObjective([0.5f, 1], 0.1f, 0.5f), new Sgd(network, 0.9f, 1e-4f, true), new CosineSchedule(0.1, 36),
            batches, validation, options, workers);
        return (trainer, network);
    }

    // Bars across the image, whose number is the class, with noise.
    private static ImageDataset Images(int count, ulong seed)
    {
        RandomStream random = new RandomSource(seed).Stream("images");
        byte[] pixels = new byte[count * Side * Side];
        int[] labels = new int[count];
        for (int n = 0; n < count; n++)
        {
            labels[n] = n % Classes;
            for (int i = 0; i < Side * Side; i++)
            {
                int y = i / Side;
                bool isBar = y % 3 == 0 && y / 3 < labels[n] + 1;
                pixels[(n * Side * Side) + i] = (byte)((isBar ? 160 : 20) + random.Integer(60, 0, n, i));
            }
        }

        return ImageDataset.FromBytes(new Shape(Side, Side, 1), pixels, labels, ["one", "two", "three", "four"]);
    }
}
