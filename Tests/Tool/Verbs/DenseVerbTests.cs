using System;
using System.IO;
using System.Text.Json;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats.Npy;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Models;
using ManagedDyn.Tool.Dense;
using ManagedDyn.Tool.Imaging;
using Xunit;

namespace ManagedDyn.Tests.Tool.Verbs;

/// <summary>The real tool on models that answer for each pixel, and on tiles of large pictures.</summary>
public sealed class DenseVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mdyn-dense-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void ALargePictureIsRunInTilesWithTheSameAnswer()
    {
        string model = Segmenter();
        string picture = Picture("large.png", 500, 300);
        string whole = Path.Combine(_folder, "whole.npy");
        string tiled = Path.Combine(_folder, "tiled.npy");
        ToolRun.Start("run", "--model", model, picture, "--exact", "--confidence", "0.4", "--out", whole, "--json").AssertOk();
        ToolRun run = ToolRun.Start("run", "--model", model, picture, "--exact", "--confidence", "0.4", "--out", tiled, "--memory", "4", "--json");
        run.AssertOk();
        using JsonDocument result = JsonDocument.Parse(run.Output);
        JsonElement answer = result.RootElement.GetProperty("answers_given")[0];
        Assert.True(answer.GetProperty("tiles").GetInt32() > 4, run.Output);
        Assert.InRange(answer.GetProperty("working_bytes").GetInt64(), 1, 4 << 20);
        Assert.Equal("label-map", result.RootElement.GetProperty("answers").GetString());
        double sum = 0;
        foreach (JsonElement entry in answer.GetProperty("classes").EnumerateArray())
        {
            sum += entry.GetProperty("share").GetDouble();
        }

        Assert.Equal(1, sum, 1e-6);
        Assert.Equal(File.ReadAllBytes(whole), File.ReadAllBytes(tiled));
        Assert.Equal(new Shape(300, 500), NpyFile.Load(whole).Shape);
    }

    [Fact]
    public void AMapAndAHeatmapAreWritten()
    {
        string model = Segmenter();
        string picture = Picture("small.png", 50, 40);
        string map = Path.Combine(_folder, "map.png");
        string heatmap = Path.Combine(_folder, "where.png");
        string report = Path.Combine(_folder, "why.html");
        ToolRun run = ToolRun.Start("run", "--model", model, picture, "--confidence", "0.4", "--out", map, "--heatmap", heatmap, "--report", report);
        run.AssertOk();
        Assert.Contains("50x40", run.Output, StringComparison.Ordinal);
        Assert.Contains($"colours: 0 {LabelColours.Hex(0)}, 1 {LabelColours.Hex(1)}", run.Output, StringComparison.Ordinal);
        Assert.Contains(LabelColours.Hex(1), File.ReadAllText(report), StringComparison.Ordinal);
        PixelImage written = ImageReader.Read(map);
        Assert.Equal((50, 40, 3), (written.Width, written.Height, written.Channels));
        Assert.True(ImageReader.Read(heatmap).Width > 3 * 200);
        Assert.Contains("refined pixels", File.ReadAllText(report), StringComparison.Ordinal);
    }

    [Fact]
    public void TilesOfAPictureAreClassified()
    {
        ResNetOptions options = new() { Height = 16, Width = 16, Classes = 3, Channels = [4], Blocks = [1] };
        string model = Save("classifier", new Model(Initialized(ResNet.Create(options)), new ModelDescription { Preprocessing = Preprocessing.Unit(new Shape(16, 16, 3)) }));
        string picture = Picture("large.png", 70, 50);
        string map = Path.Combine(_folder, "classes.png");
        string heatmap = Path.Combine(_folder, "where.png");
        ToolRun run = ToolRun.Start("run", "--model", model, picture, "--tiles", "--out", map, "--heatmap", heatmap, "--json");
        run.AssertOk();
        using JsonDocument result = JsonDocument.Parse(run.Output);
        JsonElement answer = result.RootElement.GetProperty("answers")[0];
        Assert.Equal((5, 4), (answer.GetProperty("columns").GetInt32(), answer.GetProperty("rows").GetInt32()));
        JsonElement tiles = answer.GetProperty("tiles");
        Assert.Equal(20, tiles.GetArrayLength());
        Assert.Equal((54, 34), (tiles[19].GetProperty("left").GetInt32(), tiles[19].GetProperty("top").GetInt32()));
        Assert.Equal(70, ImageReader.Read(map).Width);
        Assert.True(File.Exists(heatmap));
        ToolRun.Start("run", "--model", model, picture, "--tiles", "--out", Path.ChangeExtension(map, ".npy")).AssertFailure(2, "--out", "classes.npy", "ends in .png");
        ToolRun.Start("run", "--model", model, picture, "--heatmap", Path.ChangeExtension(map, ".gif")).AssertFailure(2, "--heatmap", "ends in .png");
        ToolRun.Start("run", "--model", model, picture, "--full").AssertOk();
        ToolRun.Start("run", "--model", model, "--reuse", picture).AssertFailure(1, "large.png", "folder of numbered frames");
    }

    [Fact]
    public void WhatDoesNotFitIsToldInOneLine()
    {
        string model = Segmenter();
        string picture = Picture("a.png", 400, 400);
        ToolRun.Start("run", "--model", model, picture, "--memory", "2").AssertOk();
        ToolRun.Start("run", picture, "--memory", "64").AssertFailure(2, "--memory", "each pixel");
        ToolRun.Start("run", picture, "--out", Path.Combine(_folder, "b.png")).AssertFailure(2, "--out");
        ToolRun.Start("run", "--model", model, picture, "--tiles").AssertFailure(2, "--tiles");
        ToolRun.Start("run", "--model", model, picture, "--deadline", "5").AssertFailure(1, "threshold of confidence");
        ToolRun.Start("bench", model).AssertFailure(1, "answers for each pixel");
        File.WriteAllText(Path.Combine(_folder, "no.png"), "text");
        ToolRun.Start("run", "--model", model, Path.Combine(_folder, "no.png")).AssertFailure(1, "no.png", "expected a PNG, JPEG or BMP picture");
        ToolRun.Start("train", "--data", "glyphs", "--model", "segmenter", "--out", Path.Combine(_folder, "run")).AssertFailure(1, "a class for each pixel", "one class");
        ToolRun.Start("train", "--data", "scenes", "--model", "resnet-tiny", "--out", Path.Combine(_folder, "run")).AssertFailure(1, "one class", "a class for each pixel");
    }

    [Fact]
    public void InfoTellsWhatIsAnswered()
    {
        ToolRun run = ToolRun.Start("info", Segmenter(), "--json");
        run.AssertOk();
        using JsonDocument info = JsonDocument.Parse(run.Output);
        Assert.Equal("label-map", info.RootElement.GetProperty("answers").GetString());
        long sum = 0;
        foreach (JsonElement layer in info.RootElement.GetProperty("layers").EnumerateArray())
        {
            sum += layer.GetProperty("macs").GetInt64();
        }

        Assert.Equal(info.RootElement.GetProperty("macs").GetInt64(), sum);
    }

    private static T Initialized<T>(T network)
        where T : ManagedDyn.Layers.Mechanisms.StagedNetwork
    {
        network.Initialize(new RandomSource(4));
        return network;
    }

    private string Segmenter()
    {
        RefinementNet network = Initialized(new RefinementNet(new RefinementNetOptions { Height = 16, Width = 16, Channels = [6, 8, 10], Blocks = 1, Outputs = 3 }));
        return Save("segmenter", new Model(network, new ModelDescription { Preprocessing = Preprocessing.Unit(network.SampleShape) }));
    }

    private string Save(string name, Model model)
    {
        string path = Path.Combine(_folder, name + ".safetensors");
        ModelFile.Save(model, path);
        return path;
    }

    private string Picture(string name, int width, int height)
    {
        PixelImage image = new(width, height, 3);
        Random random = new(width);
        for (int i = 0; i < image.Pixels.Length; i++)
        {
            image.Pixels[i] = (byte)((i / 37 % 200) + random.Next(56));
        }

        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, PngWriter.Encode(image));
        return path;
    }
}
