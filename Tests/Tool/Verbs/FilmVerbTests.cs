using System;
using System.IO;
using System.Text.Json;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Tests.Layers.Data;
using ManagedDyn.Tool.Imaging;
using Xunit;

namespace ManagedDyn.Tests.Tool.Verbs;

/// <summary>`mdyn run --reuse` on a film of which little changes from frame to frame.</summary>
public sealed class FilmVerbTests : IDisposable
{
    private const int Size = 32;
    private const int Frames = 5;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Frames_have_the_answers_of_each_alone_at_a_part_of_the_cost(bool isExact)
    {
        string model = Save(ResNet.Create(new ResNetOptions { Height = Size, Width = Size, InputChannels = 3, Classes = 3, Channels = [8, 16], Blocks = [1, 1] }));
        string film = Film();
        string[] exact = isExact ? ["--exact"] : [];
        JsonElement[] reused = Lines(["run", "--model", model, "--reuse", film, "--json", "--explain", .. exact]);
        ToolRun plain = ToolRun.Start(["run", "--model", model, film, "--json", .. exact]);
        plain.AssertOk();
        using JsonDocument whole = JsonDocument.Parse(plain.Output);
        Assert.Equal(Frames, reused.Length);
        for (int t = 0; t < Frames; t++)
        {
            JsonElement expected = whole.RootElement.GetProperty("answers")[t];
            Assert.Equal(expected.GetProperty("input").GetString(), reused[t].GetProperty("input").GetString());
            Assert.Equal(expected.GetProperty("confidence").GetDouble(), reused[t].GetProperty("confidence").GetDouble());
            double computed = reused[t].GetProperty("computed").GetDouble();
            Assert.InRange(computed, t == 0 ? 1 : t == Frames - 1 ? 0 : 0.01, t == 0 ? 1 : t == Frames - 1 ? 0 : 0.6);
            Assert.Equal(t == 0 ? 1 : t == Frames - 1 ? 0 : 32.0 / (Size * Size), reused[t].GetProperty("changed").GetDouble(), 6);
            long macs = reused[t].GetProperty("macs").GetInt64();
            Assert.True(t == 0 ? macs == reused[t].GetProperty("dense_macs").GetInt64() : macs < reused[t].GetProperty("dense_macs").GetInt64() * 0.6, $"frame {t}: {macs} MACs");

            // The stem, two convolutions a block and one that widens.
            Assert.Equal(6, reused[t].GetProperty("layers").GetArrayLength());
            Assert.InRange(reused[t].GetProperty("layers")[0].GetProperty("computed").GetInt32(), t == Frames - 1 ? 0 : 32, t == 0 ? Size * Size : t == Frames - 1 ? 0 : 100);
        }
    }

    [Fact]
    public void A_threshold_lets_changes_pass_and_the_text_tells_the_share()
    {
        string model = Save(ResNet.Create(new ResNetOptions { Height = Size, Width = Size, InputChannels = 3, Classes = 3, Channels = [8], Blocks = [1] }));
        string film = Film();
        ToolRun run = ToolRun.Start("run", "--model", model, "--reuse", film, "--reuse-threshold", "2", "--explain");
        run.AssertOk();
        Assert.Contains("0.0 % of the pixels changed, 0.0 % computed anew", run.Output, StringComparison.Ordinal);
        Assert.Contains("segment0.0", run.Output, StringComparison.Ordinal);
        Assert.Contains($"{Frames} frames, 20.0 % of the multiply-adds", run.Output, StringComparison.Ordinal);
        run = ToolRun.Start("run", "--model", model, "--reuse", film);
        run.AssertOk();
        Assert.Contains("3.1 % of the pixels changed", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("segment0.0", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Frames_and_films_that_cannot_be_read_are_left_out()
    {
        string model = Save(ResNet.Create(new ResNetOptions { Height = Size, Width = Size, InputChannels = 3, Classes = 3, Channels = [8], Blocks = [1] }));
        string film = Film();
        JsonElement[] whole = Lines(["run", "--model", model, "--reuse", film, "--json"]);
        _folder.Write("film/frame2.png", [1, 2, 3]);
        string missing = Path.Combine(_folder.Root, "nowhere");
        ToolRun run = ToolRun.Start("run", "--model", model, "--reuse", missing, film, "--json");
        Assert.Equal(1, run.ExitCode);
        string[] lines = run.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(Frames - 1, lines.Length);
        string[] errors = run.Error.TrimEnd('\n').Split('\n');
        Assert.Equal(2, errors.Length);
        Assert.Contains(missing, errors[0], StringComparison.Ordinal);
        Assert.Contains("frame2.png", errors[1], StringComparison.Ordinal);
        using JsonDocument last = JsonDocument.Parse(lines[^1]);
        Assert.Equal(whole[^1].GetProperty("confidence").GetDouble(), last.RootElement.GetProperty("confidence").GetDouble());
    }

    [Fact]
    public void What_cannot_be_followed_is_refused()
    {
        string film = Film();
        string exits = Save(ResNet.Create(new ResNetOptions { Height = Size, Width = Size, InputChannels = 3, Classes = 3, Channels = [4, 4], Blocks = [1, 1], HasIntermediateClassifiers = true }));
        Assert.Contains("cannot be followed pixel by pixel", ToolRun.Start("run", "--model", exits, "--reuse", film).Error, StringComparison.Ordinal);
        ToolRun both = ToolRun.Start("run", "--model", exits, "--reuse", "--stream", film);
        Assert.Equal(2, both.ExitCode);
        Assert.Contains("--stream cannot be given with --reuse", both.Error, StringComparison.Ordinal);
        ToolRun alone = ToolRun.Start("run", "--model", exits, "--reuse-threshold", "1", film);
        Assert.Equal(2, alone.ExitCode);
        Assert.Contains("without --reuse", alone.Error, StringComparison.Ordinal);
    }

    private static JsonElement[] Lines(string[] arguments)
    {
        ToolRun run = ToolRun.Start(arguments);
        run.AssertOk();
        return Array.ConvertAll(run.Output.TrimEnd('\n').Split('\n'), static line =>
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return document.RootElement.Clone();
        });
    }

    private string Save(StagedNetwork network)
    {
        network.Initialize(new RandomSource(4));
        string path = Path.Combine(_folder.Root, "model.safetensors");
        ModelFile.Save(network, new ModelDescription { Encoding = Preprocessing.Unit(network.SampleShape), Criterion = new MaxProbability(), Labels = ["a", "b", "c"] }, path);
        return path;
    }

    // A grey ramp over which a square of four pixels walks by its own width; in the last frame it stands still.
    private string Film()
    {
        for (int t = 0; t < Frames; t++)
        {
            byte[] pixels = new byte[Size * Size];
            for (int i = 0; i < pixels.Length; i++)
            {
                (int row, int column) = (i / Size, i % Size);
                int left = 4 * Math.Min(t + 1, Frames - 1);
                pixels[i] = row is >= 8 and < 12 && column >= left && column < left + 4 ? (byte)255 : (byte)(4 * row);
            }

            _folder.Write($"film/frame{t + 1}.png", PngWriter.Encode(new PixelImage(Size, Size, 1, pixels).ToRgb()));
        }

        return Path.Combine(_folder.Root, "film");
    }
}
