using System;
using System.IO;
using System.Text.Json;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data.Video;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Tests.Layers.Data;
using ManagedDyn.Tool.Imaging;
using Xunit;

namespace ManagedDyn.Tests.Tool.Verbs;

/// <summary>`mdyn run` on folders of frames: one answer for a video, windows, marks of the frames looked at, and running answers.</summary>
public sealed class VideoVerbTests : IDisposable
{
    private const int Frames = 6;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_of_frames_is_one_input_and_is_told_which_were_looked_at()
    {
        string model = Save(new FrameExit(Sizes(new FrameExitOptions())));
        string clip = Clip("clip", 12);
        JsonElement answer = Json("run", "--model", model, clip, "--json", "--explain", "--confidence", "0");
        JsonElement one = answer.GetProperty("answers")[0];
        Assert.Equal(1, answer.GetProperty("answers").GetArrayLength());
        Assert.Equal(clip, one.GetProperty("input").GetString());
        Assert.Equal(1, one.GetProperty("exit").GetInt32());
        Assert.Equal(2, Json("run", "--model", model, clip, "--json", "--window", "6").GetProperty("answers").GetArrayLength());
        Assert.Equal(3, Json("run", "--model", model, clip, "--json", "--window", "5").GetProperty("answers").GetArrayLength());
        ToolRun marks = ToolRun.Start("run", "--model", model, clip, "--explain", "--confidence", "2");
        marks.AssertOk();
        Assert.Contains("6 of 6 steps ######", marks.Output, StringComparison.Ordinal);
        marks = ToolRun.Start("run", "--model", model, clip, "--explain", "--confidence", "0");
        marks.AssertOk();
        Assert.Contains("1 of 6 steps ..#...", marks.Output, StringComparison.Ordinal);

        // A folder of folders holds several videos.
        Clip("both/a", 7);
        Clip("both/b", 3);
        Assert.Equal(2, Json("run", "--model", model, Path.Combine(_folder.Root, "both"), "--json").GetProperty("answers").GetArrayLength());
    }

    [Fact]
    public void A_stream_tells_the_running_answer_and_ends_where_that_of_the_whole_is()
    {
        string clip = Clip("clip", Frames);
        foreach ((string name, StagedNetwork network) in new (string, StagedNetwork)[]
        {
            ("pool", FramePool.Create(Sizes(new FramePoolOptions { Reuses = true }))),
            ("exit", new FrameExit(Sizes(new FrameExitOptions()))),
            ("ar", ArNet.Create(Sizes(new ArNetOptions { PolicyChannels = [3], PolicyHidden = 4, Openness = 0 }))),
        })
        {
            string model = Save(network, name);
            ToolRun run = ToolRun.Start("run", "--model", model, clip, "--stream", "--json", "--full");
            run.AssertOk();
            string[] lines = run.Output.TrimEnd('\n').Split('\n');
            Assert.Equal(Frames, lines.Length);
            using JsonDocument last = JsonDocument.Parse(lines[^1]);
            JsonElement whole = Json("run", "--model", model, clip, "--json", "--full").GetProperty("answers")[0];
            Assert.Equal(whole.GetProperty("confidence").GetDouble(), last.RootElement.GetProperty("confidence").GetDouble());
            Assert.Equal(whole.GetProperty("label").GetString(), last.RootElement.GetProperty("label").GetString());
            Assert.Equal(Frames, last.RootElement.GetProperty("piece").GetInt32());
        }

        // Whoever is sure at once looks at one frame, the middle one.
        ToolRun sure = ToolRun.Start("run", "--model", Path.Combine(_folder.Root, "exit.safetensors"), clip, "--stream", "--confidence", "0");
        sure.AssertOk();
        Assert.Contains("frame3.png", sure.Output, StringComparison.Ordinal);
        Assert.Contains("1 of 6 frames looked at", sure.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_video_is_refused()
    {
        string model = Save(new AdaFrame(Sizes(new AdaFrameOptions { Looks = 3 })));
        Directory.CreateDirectory(Path.Combine(_folder.Root, "empty"));
        Assert.Contains("numbered frames", ToolRun.Start("run", "--model", model, Path.Combine(_folder.Root, "empty")).Error, StringComparison.Ordinal);
        Assert.Contains("needs its input whole", ToolRun.Start("run", "--model", model, Clip("clip", 3), "--stream").Error, StringComparison.Ordinal);
        _folder.Write("broken/1.png", [1, 2, 3]);
        Assert.Contains("cannot read", ToolRun.Start("run", "--model", model, Path.Combine(_folder.Root, "broken")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_read_does_not_keep_other_videos_from_being_answered()
    {
        string model = Save(new FrameExit(Sizes(new FrameExitOptions())));
        string missing = Path.Combine(_folder.Root, "nowhere");
        string empty = Path.Combine(_folder.Root, "empty");
        Directory.CreateDirectory(empty);
        _folder.Write("broken/1.png", [1, 2, 3]);
        string[] inputs = [missing, Path.Combine(_folder.Root, "broken"), Clip("clip", 7), empty];
        ToolRun run = ToolRun.Start(["run", "--model", model, "--json", .. inputs]);
        Assert.Equal(1, run.ExitCode);
        using JsonDocument document = JsonDocument.Parse(run.Output);
        Assert.Equal(inputs[2], Assert.Single(document.RootElement.GetProperty("answers").EnumerateArray()).GetProperty("input").GetString());
        Assert.Equal(3, run.Error.TrimEnd('\n').Split('\n').Length);
        run = ToolRun.Start(["run", "--model", model, "--stream", "--full", .. inputs]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"{inputs[2]}: {Frames} of 7 frames looked at", run.Output, StringComparison.Ordinal);
        Assert.Equal(3, run.Error.TrimEnd('\n').Split('\n').Length);
    }

    private static T Sizes<T>(T options)
        where T : VideoModelOptions => (T)(options with { Frames = Frames, Height = 16, Width = 16, Classes = 3, Channels = [4, 6] });

    private static JsonElement Json(params string[] arguments)
    {
        ToolRun run = ToolRun.Start(arguments);
        run.AssertOk();
        using JsonDocument document = JsonDocument.Parse(run.Output);
        return document.RootElement.Clone();
    }

    private string Save(StagedNetwork network, string name = "model")
    {
        network.Initialize(new RandomSource(4));
        string path = Path.Combine(_folder.Root, name + ".safetensors");
        ModelFile.Save(network, new ModelDescription { Encoding = Preprocessing.Unit(network.SampleShape), Criterion = new MaxProbability(), Labels = ["a", "b", "c"] }, path);
        return path;
    }

    // Moving digits as frames of a colour film: the tool fits them to what the model takes.
    private string Clip(string name, int frames)
    {
        byte[] pixels = new byte[frames * GlyphVideos.Size * GlyphVideos.Size];
        _ = GlyphVideos.Draw(1, "clip", 0, GlyphVideoTask.Glyph, pixels);
        for (int t = 0; t < frames; t++)
        {
            byte[] frame = pixels[(t * 1024)..((t + 1) * 1024)];
            _folder.Write($"{name}/frame{t + 1}.png", PngWriter.Encode(new PixelImage(32, 32, 1, frame).ToRgb()));
        }

        return Path.Combine(_folder.Root, Path.Combine(name.Split('/')));
    }
}
