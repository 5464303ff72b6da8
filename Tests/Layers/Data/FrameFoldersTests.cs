using System;
using System.IO;
using System.Linq;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Data.Video;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.Imaging;
using Xunit;

namespace ManagedDyn.Tests.Layers.Data;

/// <summary>Videos as folders of numbered frames, and the built-in ones as data sets.</summary>
public sealed class FrameFoldersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static DatasetOptions Options => new() { Decoder = new ImageFileDecoder(), Frames = 3, ValidationFraction = 0, TestFraction = 0 };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Frames_come_in_the_order_of_their_numbers()
    {
        foreach (string name in new[] { "f10.png", "f9.png", "f009.png", "f1.png", "g0.png", "notes.txt", "f2.PNG" })
        {
            _folder.Write("a/clip/" + name, [1]);
        }

        string[] names = [.. FrameFolders.FramesIn(Path.Combine(_folder.Root, "a", "clip")).Select(path => Path.GetFileName(path)!)];
        Assert.Equal(["f1.png", "f2.PNG", "f009.png", "f9.png", "f10.png", "g0.png"], names);
    }

    [Fact]
    public void Frames_are_taken_evenly_from_the_first_to_the_last()
    {
        int[] Picked(int taken, int frames) => [.. Enumerable.Range(0, taken).Select(place => FrameFolders.Pick(place, taken, frames))];
        Assert.Equal([0, 1, 2], Picked(3, 3));
        Assert.Equal([0, 4, 8], Picked(3, 9));
        Assert.Equal([0, 1, 1], Picked(3, 2));
        Assert.Equal([0, 0, 0], Picked(3, 1));
        Assert.Equal([4], Picked(1, 9));
        Assert.Equal(Enumerable.Range(0, 16), Picked(16, 16));
        Assert.Equal(131, Picked(16, 132)[15]);
    }

    [Fact]
    public void A_folder_is_read_as_videos()
    {
        for (int label = 0; label < 2; label++)
        {
            for (int video = 0; video < 3; video++)
            {
                for (int frame = 0; frame < 5; frame++)
                {
                    Frame($"{(label == 0 ? "calm" : "wild")}/v{video}/{frame}.png", (byte)((100 * label) + (10 * video) + frame));
                }
            }
        }

        Assert.True(FrameFolders.Recognise(_folder.Root));
        VideoSplits splits = Assert.IsType<VideoSplits>(Datasets.OpenAny(_folder.Root, Options));
        Assert.Equal(new Shape(3, 4, 6, 1), splits.VideoShape);
        Assert.Equal(["calm", "wild"], splits.ClassNames);
        Assert.Equal(6, splits.TrainingCount);
        SampleSplits samples = new Preprocessing(splits.VideoShape, [0], [1]).Encode(splits);
        float[] values = new float[3 * 4 * 6];
        for (int i = 0; i < 6; i++)
        {
            samples.Training.Read(i, values);
            int first = (100 * samples.Training.Label(i)) + (10 * (i % 3));
            Assert.Equal([first / 255f, (first + 2) / 255f, (first + 4) / 255f], new[] { values[0], values[24], values[48] });
        }
    }

    [Fact]
    public void Broken_folders_are_refused()
    {
        Frame("one/v/0.png", 1);
        Assert.Contains("1 sub-folders", Assert.Throws<ModelFormatException>(() => FrameFolders.Open(_folder.Root, Options)).Message, StringComparison.Ordinal);
        Frame("two/v/0.png", 1, height: 5);
        Assert.Contains("5 × 6 pixels", Assert.Throws<ModelFormatException>(() => FrameFolders.Open(_folder.Root, Options)).Message, StringComparison.Ordinal);
        Assert.Equal(8, FrameFolders.Open(_folder.Root, Options with { ImageSize = 8 }).VideoShape[1]);
        Assert.Throws<ArgumentException>(() => FrameFolders.Open(_folder.Root, new DatasetOptions()));
        Directory.CreateDirectory(Path.Combine(_folder.Root, "two", "empty"));
        Assert.Contains("no image file", Assert.Throws<ModelFormatException>(() => FrameFolders.Open(_folder.Root, Options with { ImageSize = 8 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Moving_glyphs_are_a_data_set()
    {
        DatasetOptions options = new() { BuiltInTrainingCount = 200, BuiltInTestCount = 20, Frames = 4 };
        VideoSplits splits = Assert.IsType<VideoSplits>(Datasets.OpenAny("moving-glyphs-motion", options));
        Assert.Equal((36, 4, 10), (splits.TrainingCount, splits.ValidationCount, splits.TestCount));
        Assert.Equal(["right", "left", "down", "up"], splits.ClassNames);
        Preprocessing encoding = Preprocessing.From(splits.VideoShape, Normalization.Measure(splits.Sheets.Training));
        SampleSplits samples = InputEncoding.Encode(encoding, splits);
        Assert.Equal(new Shape(4, 32, 32, 1), samples.Training.SampleShape);
        Assert.Equal("videos", samples.Noun);
        float[] values = new float[4 * 1024];
        double sum = 0;
        for (int i = 0; i < samples.Training.Count; i++)
        {
            samples.Training.Read(i, values);
            sum += values.Sum() / values.Length;
        }

        Assert.Equal(0, sum / samples.Training.Count, 0.01);
        Assert.Throws<ArgumentException>(() => Preprocessing.Unit(new Shape(5, 32, 32, 1)).Encode(splits));
    }

    private void Frame(string name, byte value, int height = 4)
    {
        byte[] pixels = new byte[height * 6];
        Array.Fill(pixels, value);
        _folder.Write(name, PngWriter.Encode(new PixelImage(6, height, 1, pixels)));
    }
}
