using System;
using System.IO;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Models;
using ManagedDyn.Tool.Imaging;
using Xunit;

namespace ManagedDyn.Tests.Tool.Verbs;

/// <summary>The real tool draws where a spatial model computed, as a picture and in its report.</summary>
public sealed class HeatmapTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mdyn-heat-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void RunDrawsEachInput()
    {
        string model = Path.Combine(_folder, "model.safetensors");
        SparseResNet network = new(new SparseResNetOptions { Height = 16, Width = 16, Channels = [8, 8], Blocks = [1, 1], Granularity = 2 });
        network.Initialize(new RandomSource(2));
        ModelFile.Save(new Model(network, new ModelDescription { Preprocessing = Preprocessing.Unit(network.SampleShape) }), model);
        string first = Picture("a.png", 40);
        string second = Picture("b.png", 200);
        string heatmap = Path.Combine(_folder, "maps", "where.png");
        string report = Path.Combine(_folder, "why.html");
        ToolRun run = ToolRun.Start("run", "--model", model, first, second, "--heatmap", heatmap, "--report", report);
        run.AssertOk();
        foreach (string path in new[] { heatmap, Path.Combine(_folder, "maps", "where-2.png") })
        {
            PixelImage sheet = ImageReader.Read(path);
            Assert.True(sheet.Width > 4 * 240, $"{sheet.Width} columns; expected four panels: input, compute and two blocks");
            Assert.Equal(3, sheet.Channels);
        }

        string page = File.ReadAllText(report);
        Assert.Contains("Where it computed", page, StringComparison.Ordinal);
        Assert.Contains("compute of all layers", page, StringComparison.Ordinal);
    }

    [Fact]
    public void AHeatmapOverAnInputIsRefused()
    {
        string picture = Picture("a.png", 40);
        ToolRun.Start("run", picture, "--heatmap", picture).AssertFailure(2, "both read and to be written");
    }

    private string Picture(string name, byte level)
    {
        PixelImage image = new(16, 16, 3);
        for (int i = 0; i < image.Pixels.Length; i++)
        {
            image.Pixels[i] = (byte)(level + (i * 7 % 50));
        }

        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, PngWriter.Encode(image));
        return path;
    }
}
