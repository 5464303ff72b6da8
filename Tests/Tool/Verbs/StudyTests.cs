using System;
using System.IO;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace ManagedDyn.Tests.Tool.Verbs;

public sealed class StudyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mdyn-study").FullName;

    [Fact]
    public void RunsOnceAndReadsBackWhatIsThere()
    {
        string path = Path.Combine(_folder, "study");
        string[] arguments = ["study", "instance-wise", "--quick", "--only", "resnet-exits", "--epochs", "1", "--seeds", "1", "--no-time", "--json", "--out", path];
        ToolRun first = ToolRun.Start(arguments);
        first.AssertOk();
        using JsonDocument result = JsonDocument.Parse(first.Output);
        JsonElement row = Assert.Single(result.RootElement.GetProperty("rows").EnumerateArray());
        Assert.Equal("resnet-exits", row.GetProperty("method").GetString());
        double accuracy = row.GetProperty("accuracies")[0].GetDouble();
        Assert.InRange(accuracy, 0.05, 1);
        Assert.Equal(accuracy - row.GetProperty("static_accuracies")[0].GetDouble(), row.GetProperty("difference").GetDouble(), 9);

        // The thresholds keep to the row's share of the static network on validation samples, and so nearly on others.
        Assert.InRange(row.GetProperty("macs")[0].GetDouble() / row.GetProperty("static_macs")[0].GetDouble(), 0.05, 0.8);
        Assert.Contains("| resnet-exits |", File.ReadAllText(Path.Combine(path, "study.md")), StringComparison.Ordinal);
        string model = Path.Combine(path, "resnet-exits-seed1", "model.safetensors");
        DateTime written = File.GetLastWriteTimeUtc(model);
        ToolRun second = ToolRun.Start(arguments);
        second.AssertOk();
        Assert.Equal(first.Output, second.Output);
        Assert.Equal(written, File.GetLastWriteTimeUtc(model));
        string[] finished = [.. Array.FindAll(arguments, static argument => argument is not ("--only" or "resnet-exits")), "--finished"];
        Assert.Equal(first.Output, ToolRun.Start(finished).Output);
        finished[^2] = Path.Combine(_folder, "none");
        ToolRun.Start(finished).AssertFailure(1, "no method of the study is finished");
        ToolRun.Start(Array.FindAll(arguments, static argument => argument != "--quick")).AssertFailure(1, "built-in samples = 2000 + 1000", "this study has 20000 + 4000");

        // Plans of before sizes were written into them are read back.
        foreach (string plan in Directory.GetFiles(path, "plan.json", SearchOption.AllDirectories))
        {
            JsonObject entries = JsonNode.Parse(File.ReadAllText(plan))!.AsObject();
            Assert.True(entries.Remove("built-in samples"));
            File.WriteAllText(plan, entries.ToJsonString());
        }

        Assert.Equal(first.Output, ToolRun.Start(arguments).Output);
        arguments[6] = "2";
        ToolRun.Start(arguments).AssertFailure(1, "epochs = 1", "this study has 2", "--out");
    }

    [Fact]
    public void FoldsAreRunsOfTheirOwn()
    {
        string data = Path.Combine(_folder, "data");
        WriteImages(data, 40);
        string path = Path.Combine(_folder, "study");
        string[] arguments = ["study", "spatial-wise", "--data", data, "--folds", "2", "--only", "acnet", "--epochs", "1", "--batch", "4", "--no-time", "--json", "--out", path];
        ToolRun run = ToolRun.Start(arguments);
        run.AssertOk();
        using JsonDocument result = JsonDocument.Parse(run.Output);
        JsonElement row = Assert.Single(result.RootElement.GetProperty("rows").EnumerateArray());
        Assert.Equal(2, row.GetProperty("accuracies").GetArrayLength());
        Assert.Contains("2 folds", result.RootElement.GetProperty("settings").GetString(), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(path, "acnet-fold2-seed2", "model.safetensors")));
        arguments[^1] = Path.Combine(_folder, "alone");
        ToolRun.Start([.. arguments, "--jobs", "1"]).AssertOk();
        Assert.Equal(File.ReadAllText(Path.Combine(path, "study.md")), File.ReadAllText(Path.Combine(_folder, "alone", "study.md")));
        ToolRun.Start([.. arguments, "--seeds", "2"]).AssertFailure(2, "--folds and --seeds");
        ToolRun.Start("study", "spatial-wise", "--folds", "2", "--only", "acnet").AssertFailure(1, "glyphs", "a test part of its own");
    }

    [Fact]
    public void SequencesAreStudiedOnTheSetsThatAreThere()
    {
        string set = Path.Combine(_folder, "sets", "text-sms-spam");
        Directory.CreateDirectory(set);
        string lines = "label\tmsg\n";
        for (int i = 0; i < 60; i++)
        {
            lines += i % 3 == 0 ? $"spam\twin {i} now\n" : $"ham\tsee you at {i}\n";
        }

        File.WriteAllText(Path.Combine(set, "sms.tsv"), lines);
        string path = Path.Combine(_folder, "study");
        string[] arguments = ["study", "temporal-wise", "--data", Path.Combine(_folder, "sets"), "--only", "-lstm, text", "--epochs", "1", "--seeds", "1", "--no-time", "--json", "--out", path];
        ToolRun run = ToolRun.Start(arguments);
        run.AssertOk();
        using JsonDocument result = JsonDocument.Parse(run.Output);
        Assert.True(result.RootElement.GetProperty("rows").GetArrayLength() >= 3);
        Assert.StartsWith("skim-lstm, text-sms-spam", result.RootElement.GetProperty("rows")[0].GetProperty("method").GetString(), StringComparison.Ordinal);
        Assert.Contains("text-sms-spam: ", result.RootElement.GetProperty("settings").GetString(), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(path, "lstm-text-sms-spam-seed1", "model.safetensors")));
        ToolRun missing = ToolRun.Start("study", "temporal-wise", "--data", _folder, "--only", "text-clinc150", "--out", path);
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("left out", missing.Error, StringComparison.Ordinal);
        Assert.Contains("none of the study's data sets", missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void NamesWhatItKnows()
    {
        ToolRun.Start("study", "everything").AssertFailure(2, "there is no study 'everything'", "instance-wise");
        ToolRun.Start("study", "instance-wise", "--only", "nothing-of-the-kind").AssertFailure(2, "no method of the study has 'nothing-of-the-kind'");
    }

    [Fact]
    public void ARunThatFailsEndsTheOthers()
    {
        string path = Path.Combine(_folder, "study");
        string spoiled = Path.Combine(path, "resnet-exits-seed2");
        Directory.CreateDirectory(spoiled);
        File.WriteAllText(Path.Combine(spoiled, "model.safetensors"), "no model");
        File.WriteAllText(Path.Combine(spoiled, "result.json"), "no result");
        File.WriteAllText(Path.Combine(spoiled, "plan.json"), "no plan");
        ToolRun.Start("study", "instance-wise", "--quick", "--only", "resnet-exits", "--epochs", "1", "--jobs", "3", "--threads", "1", "--no-time", "--out", path).AssertFailure(1, "plan.json");
        Assert.False(File.Exists(Path.Combine(path, "study.md")));
    }

    private static void WriteImages(string folder, int count)
    {
        Directory.CreateDirectory(folder);
        byte[] labels = [0, 0, 8, 1, 0, 0, 0, (byte)count, .. new byte[count]];
        byte[] images = [0, 0, 8, 3, 0, 0, 0, (byte)count, 0, 0, 0, 8, 0, 0, 0, 8, .. new byte[count * 64]];
        for (int i = 0; i < count; i++)
        {
            labels[8 + i] = (byte)(i % 2);
            images.AsSpan(16 + (i * 64), 64).Fill((byte)(100 * (i % 2)));
        }

        File.WriteAllBytes(Path.Combine(folder, "images.idx"), images);
        File.WriteAllBytes(Path.Combine(folder, "labels.idx"), labels);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
