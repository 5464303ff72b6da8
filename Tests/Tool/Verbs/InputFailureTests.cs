using System;
using System.Diagnostics;
using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using ManagedDyn.Engine.Formats.Npy;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tool.Files;
using ManagedDyn.Tool.Imaging;
using Xunit;

namespace ManagedDyn.Tests.Tool.Verbs;

/// <summary>What `mdyn run` does with inputs that cannot be read, outputs that cannot be written and options that would do nothing.</summary>
public sealed class InputFailureTests(TrainedModel trained) : IClassFixture<TrainedModel>
{
    [Fact]
    public void OneBadInputDoesNotKeepTheOthersFromBeingAnswered()
    {
        string cut = trained.FileNamed("torn.png");
        File.WriteAllBytes(cut, File.ReadAllBytes(trained.Picture("bar", 0))[..100]);
        string missing = trained.FileNamed("nowhere.png");
        ToolRun run = ToolRun.Start("run", "--model", trained.Model, "--json", trained.Picture("bar", 0), cut, missing, trained.Picture("bar", 1));
        Assert.Equal(1, run.ExitCode);
        using JsonDocument answers = JsonDocument.Parse(run.Output);
        Assert.Equal(2, answers.RootElement.GetProperty("answers").GetArrayLength());
        string[] errors = run.Error.TrimEnd('\n').Split('\n');
        Assert.Equal(2, errors.Length);
        Assert.Contains("torn.png", errors[0], StringComparison.Ordinal);
        Assert.Contains("nowhere.png", errors[1], StringComparison.Ordinal);
    }

    [Fact]
    public void AFolderWithoutInputsDoesNotKeepTheOthersFromBeingAnswered()
    {
        string empty = trained.FileNamed("empty");
        Directory.CreateDirectory(empty);
        ToolRun run = ToolRun.Start("run", "--model", trained.Model, "--json", trained.Picture("bar", 0), empty, trained.Picture("bar", 1));
        Assert.Equal(1, run.ExitCode);
        using JsonDocument answers = JsonDocument.Parse(run.Output);
        Assert.Equal(2, answers.RootElement.GetProperty("answers").GetArrayLength());
        Assert.Equal($"mdyn: the folder '{empty}' holds no picture, WAV, npy or IDX file\n", run.Error);
        ToolRun.Start("run", "--model", trained.Model, "--json", empty).AssertFailure(1, "holds no picture");
    }

    [Fact]
    public void PicturesThatCannotBeReadAreLeftOutOfTiles()
    {
        string missing = trained.FileNamed("nowhere.png");
        string empty = trained.FileNamed("without");
        Directory.CreateDirectory(empty);
        ToolRun run = ToolRun.Start("run", "--model", trained.Model, "--tiles", "--json", missing, trained.Picture("bar", 0), empty, trained.Picture("bar", 1));
        Assert.Equal(1, run.ExitCode);
        using JsonDocument answers = JsonDocument.Parse(run.Output);
        Assert.Equal(2, answers.RootElement.GetProperty("answers").GetArrayLength());
        Assert.Equal(2, run.Error.TrimEnd('\n').Split('\n').Length);
        ToolRun.Start("run", "--model", trained.Model, "--tiles", missing).AssertFailure(1, "nowhere.png");
    }

    [Fact]
    public async Task APipeIsWrittenStraight()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "makes a Unix pipe");
        string pipe = trained.FileNamed("pipe");
        using (Process make = Process.Start("mkfifo", [pipe]))
        {
            make.WaitForExit();
        }

        Task<string> read = Task.Run(() => File.ReadAllText(pipe), TestContext.Current.CancellationToken);
        ToolRun.Start("run", "--model", trained.Model, trained.Picture("bar", 0), "--report", pipe).AssertOk();
        Assert.StartsWith("<!doctype html>", await read.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        ToolRun shown = ToolRun.Start("run", "--model", trained.Model, trained.Picture("bar", 0), "--report", "/dev/stdout");
        shown.AssertOk();
        Assert.Contains("<!doctype html>", shown.Output, StringComparison.Ordinal);
        Assert.True(SpecialFile.IsNamed("/dev/null"));
        Assert.False(SpecialFile.IsNamed(trained.Model));
    }

    [Fact]
    public void WhatLiesBesideAnOutputIsNotTouched()
    {
        string report = trained.FileNamed("beside.html");
        File.WriteAllText(report + ".trial", "mine");
        ToolRun.Start("run", "--model", trained.Model, trained.Picture("bar", 0), "--report", report).AssertOk();
        Assert.Equal("mine", File.ReadAllText(report + ".trial"));
        Assert.Equal(2, Directory.GetFiles(trained.Folder, "beside*").Length);
    }

    [Fact]
    public void NoOutputIsWrittenOverAnInput()
    {
        string folder = trained.FileNamed("inputs");
        Directory.CreateDirectory(folder);
        File.Copy(trained.Picture("bar", 0), Path.Combine(folder, "a.png"));
        string second = Path.Combine(folder, "a-2.png");
        File.Copy(trained.Picture("bar", 1), second);
        string free = Path.Combine(folder, "b.png");
        ToolRun.Start("run", "--model", trained.Model, folder, "--heatmap", second).AssertFailure(2, "both read and to be written");
        ToolRun.Start("run", "--model", trained.Model, second, trained.Picture("bar", 0), "--heatmap", Path.Combine(folder, "a.png")).AssertFailure(2, "a-2.png' is read", "a.png' with a number");
        ToolRun.Start("run", "--model", trained.Model, folder, "--tiles", "--out", Path.Combine(folder, "a.png")).AssertFailure(2, "both read and to be written");
        Assert.Equal(File.ReadAllBytes(trained.Picture("bar", 1)), File.ReadAllBytes(second));
        ToolRun.Start("run", "--model", trained.Model, folder, "--heatmap", free).AssertOk();
        Assert.True(File.Exists(Path.Combine(folder, "b-2.png")));
        ToolRun.Start("run", "--model", trained.Model, second, "--heatmap", Path.Combine(folder, "a.png")).AssertOk();
        byte[] model = File.ReadAllBytes(trained.Model);
        ToolRun.Start("verify", "--model", trained.Model, "--record", trained.Model).AssertFailure(2, "both read and to be written");
        Assert.Equal(model, File.ReadAllBytes(trained.Model));
        string both = trained.FileNamed("both.out");
        ToolRun.Start("demo", "--out", both, "--save", both).AssertFailure(2, "named for two outputs");
    }

    [Fact]
    public void AStripThatTilesWouldEnlargeWithoutEndIsLeftOut()
    {
        string strip = trained.FileNamed("strip.png");
        File.WriteAllBytes(strip, PngWriter.Encode(new PixelImage(1, 2_000_000, 1)));
        ToolRun run = ToolRun.Start("run", "--model", trained.Model, "--tiles", "--json", strip, trained.Picture("bar", 0));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("strip.png' has 1x2000000 pixels", run.Error, StringComparison.Ordinal);
        using JsonDocument answers = JsonDocument.Parse(run.Output);
        Assert.Equal(1, answers.RootElement.GetProperty("answers").GetArrayLength());
    }

    [Fact]
    public void AFileThatCannotBeWrittenIsNoFailureOfTheTerminal()
    {
        string folder = trained.FileNamed("occupied-run");
        string log = Path.Combine(folder, "log.csv");
        Directory.CreateDirectory(log);
        ToolRun run = ToolRun.Start(trained.TrainArguments(folder, 1));
        run.AssertFailure(1, log);
        Assert.DoesNotContain("standard output", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatComesBehindABadValueInAFileIsLeftOut()
    {
        float[] values = new float[3 * 16 * 16];
        values[(2 * 16 * 16) + 5] = float.NaN;
        string file = trained.FileNamed("notanumber.npy");
        NpyFile.Save(file, Tensor.From(new Shape(3, 16, 16), values));
        ToolRun run = ToolRun.Start("run", "--model", trained.Model, "--json", file);
        Assert.Equal(1, run.ExitCode);
        using JsonDocument answers = JsonDocument.Parse(run.Output);
        Assert.Equal(2, answers.RootElement.GetProperty("answers").GetArrayLength());
        Assert.Contains("notanumber.npy[2]': value 5 is NaN", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void OptionsWithoutEffectAreRefused()
    {
        string picture = trained.Picture("bar", 0);
        ToolRun.Start("run", "--model", trained.Model, picture, "--window", "3").AssertFailure(2, "--window has no effect", "[16, 16, 1]");
        ToolRun.Start("run", "--model", trained.Model, picture, "--stream", "--explain").AssertFailure(2, "--explain has no effect with --stream");
        ToolRun.Start("run", "--model", trained.Model, picture, "--tiles", "--reject-below", "0.5").AssertFailure(2, "--reject-below has no effect with --tiles");
        foreach (string[] idle in (string[][])[["--limit", "1"], ["--top", "2"], ["--reject-below", "0.5"], ["--budget", "1G"], ["--confidence", "0.5"], ["--full"], ["--deadline", "5"]])
        {
            ToolRun.Start(["run", "--model", trained.Model, picture, "--reuse", .. idle]).AssertFailure(2, $"{idle[0]} has no effect with --reuse");
        }

        ToolRun.Start("bench", "--kernels", "--batch", "4").AssertFailure(2, "--batch has no effect with --kernels");
        ToolRun.Start("verify", "--model", trained.Model, "--record", trained.FileNamed("record.npz"), "--atol", "1").AssertFailure(2, "--atol has no effect with --record");
        ToolRun.Start("verify", "--model", trained.Model, trained.FileNamed("record.npz"), "--count", "3").AssertFailure(2, "--count has no effect without --record");
    }

    [Fact]
    public void AnOutputThatCannotBeWrittenIsNamedAsItWasGiven()
    {
        string file = trained.FileNamed("occupied");
        File.WriteAllText(file, string.Empty);
        string report = Path.Combine(file, "why.html");
        ToolRun run = ToolRun.Start("run", "--model", trained.Model, trained.Picture("bar", 0), "--report", report);
        run.AssertFailure(1, $"cannot write '{report}'");
        Assert.DoesNotContain(".partial", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(".trial", run.Error, StringComparison.Ordinal);
    }
}
