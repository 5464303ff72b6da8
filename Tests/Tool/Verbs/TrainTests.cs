using System;
using System.Diagnostics;
using System.IO;
using System.Text.Json;
using System.Threading;
using ManagedDyn.Engine.Formats.Safetensors;
using Xunit;

namespace ManagedDyn.Tests.Tool.Verbs;

public sealed class TrainTests(TrainedModel trained) : IClassFixture<TrainedModel>
{
    // Long enough that a signal reaches the tool before it is done, on any machine.
    private const int LongEpochs = 60;
    private const int KilledEpochs = 20;

    [Fact]
    public void LeavesModelLogsAndReport()
    {
        using JsonDocument result = JsonDocument.Parse(trained.Training.Output);
        Assert.Equal(3, result.RootElement.GetProperty("epochs").GetInt32());
        Assert.Equal(4, result.RootElement.GetProperty("exits").GetArrayLength());
        Assert.Equal(trained.Model, result.RootElement.GetProperty("model").GetString());
        string report = File.ReadAllText(Path.Combine(trained.Run, "report.html"));
        Assert.Contains("Accuracy against multiply-adds", report, StringComparison.Ordinal);
        Assert.Contains("Validation accuracy by exit", report, StringComparison.Ordinal);
        string csv = File.ReadAllText(Path.Combine(trained.Run, "log.csv"));
        Assert.Contains("validation", csv, StringComparison.Ordinal);
        foreach (string line in File.ReadLines(Path.Combine(trained.Run, "log.jsonl")))
        {
            using JsonDocument entry = JsonDocument.Parse(line);
            Assert.Equal(JsonValueKind.Object, entry.RootElement.ValueKind);
        }

        Assert.True(new FileInfo(trained.Model).Length < 2_000_000);
        Assert.Equal(string.Empty, trained.Training.Error);
    }

    [Fact]
    public void NothingIsOverwritten()
    {
        byte[] before = File.ReadAllBytes(trained.Model);
        ToolRun.Start(trained.TrainArguments(trained.Run)).AssertFailure(2, "holds a training run already", "--resume");
        Assert.Equal(before, File.ReadAllBytes(trained.Model));
    }

    [Fact]
    public void StoppedAndResumedGivesTheSameBits()
    {
        string run = trained.FileNamed("resumed");
        ToolRun stopped = ToolRun.Start(trained.TrainArguments(run, "--minutes", "0.0011"));
        stopped.AssertFailure(1, "time is up", "--resume");
        Assert.False(File.Exists(Path.Combine(run, "model.safetensors")));
        ToolRun.Start("train", "--resume", run, "--json").AssertOk();
        AssertSameAnswers(Path.Combine(run, "model.safetensors"), trained.Model);
    }

    [Fact]
    public void ARunThatGoesOnElsewhereIsLeftAlone()
    {
        string run = trained.FileNamed("taken");
        ToolRun.Start(trained.TrainArguments(run, "--minutes", "0.0011")).AssertFailure(1, "time is up");
        byte[] checkpoint = File.ReadAllBytes(Path.Combine(run, "checkpoint.safetensors"));
        byte[] log = File.ReadAllBytes(Path.Combine(run, "log.csv"));
        using (new FileStream(Path.Combine(run, "run.lock"), FileMode.Open, FileAccess.Write, FileShare.None))
        {
            ToolRun.Start("train", "--resume", run).AssertFailure(1, "another run");
        }

        Assert.Equal(checkpoint, File.ReadAllBytes(Path.Combine(run, "checkpoint.safetensors")));
        Assert.Equal(log, File.ReadAllBytes(Path.Combine(run, "log.csv")));
    }

    [Fact]
    public void InterruptedByTheUserKeepsTheCheckpoint()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sends a Unix signal");
        string unbroken = trained.FileNamed("unbroken");
        ToolRun.Start(trained.TrainArguments(unbroken, LongEpochs)).AssertOk();
        string run = trained.FileNamed("interrupted");
        ToolRun stopped = ToolRun.Start(trained.TrainArguments(run, LongEpochs), process =>
        {
            // The log is opened when training begins; seconds are left then.
            SpinWait.SpinUntil(() => File.Exists(Path.Combine(run, "log.csv")) || process.HasExited, TimeSpan.FromMinutes(1));
            using Process kill = Process.Start("kill", [StopSignal(), process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            kill.WaitForExit();
        });
        stopped.AssertFailure(1, "stopped at step", "--resume");
        Assert.True(File.Exists(Path.Combine(run, "checkpoint.safetensors")));
        ToolRun.Start("train", "--resume", run, "--json").AssertOk();
        AssertSameAnswers(Path.Combine(run, "model.safetensors"), Path.Combine(unbroken, "model.safetensors"));
    }

    [Fact]
    public void KilledAtAnyMomentAndResumedGivesTheSameWeights()
    {
        string unbroken = trained.FileNamed("whole");
        ToolRun.Start(trained.TrainArguments(unbroken, KilledEpochs)).AssertOk();
        string run = trained.FileNamed("killed");
        string[] arguments = trained.TrainArguments(run, KilledEpochs);
        Random random = new(Environment.TickCount);
        int kills = 0;
        bool isDone = false;
        for (int attempt = 0; attempt < 30 && !isDone; attempt++)
        {
            // From before the first line of output to the writing of the model; the last attempts may run to their end.
            TimeSpan life = attempt < 6 ? TimeSpan.FromMilliseconds(random.Next(50, 700)) : TimeSpan.FromSeconds(1 + attempt);
            ToolRun killed = ToolRun.Start(arguments, process =>
            {
                if (!process.WaitForExit(life))
                {
                    process.Kill();
                }
            });
            isDone = killed.ExitCode == 0;
            kills += isDone ? 0 : 1;
            Assert.True(isDone || killed.Error.Length == 0, killed.Error);
            arguments = File.Exists(Path.Combine(run, "plan.json")) ? ["train", "--resume", run, "--json"] : arguments;
        }

        Assert.True(isDone && kills > 0, $"{kills} kills");
        AssertSameAnswers(Path.Combine(run, "model.safetensors"), Path.Combine(unbroken, "model.safetensors"));
        SafetensorsFile expected = SafetensorsFile.Load(Path.Combine(unbroken, "checkpoint.safetensors"));
        SafetensorsFile found = SafetensorsFile.Load(Path.Combine(run, "checkpoint.safetensors"));
        Assert.Equal(expected.Entries.Count, found.Entries.Count);
        foreach (SafetensorsEntry entry in expected.Entries)
        {
            Assert.True(expected.Bytes(entry.Name).SequenceEqual(found.Bytes(entry.Name)), entry.Name);
        }
    }

    [Fact]
    public void AGrownTreeIsTrainedSavedAndGoneOnWith()
    {
        string whole = trained.FileNamed("tree");
        string[] arguments = ["train", "--data", trained.Data, "--model", "adaptive-tree", "--grow", "3", "--epochs", "4", "--batch", "12", "--rate", "0.05"];
        ToolRun run = ToolRun.Start([.. arguments, "--out", whole]);
        run.AssertOk();
        Assert.Contains("1 leaf ", run.Output, StringComparison.Ordinal);
        using JsonDocument plan = JsonDocument.Parse(File.ReadAllText(Path.Combine(whole, "plan.json")));
        int[] nodes = Array.ConvertAll(plan.RootElement.GetProperty("tree").GetString()!.Split(','), int.Parse);
        Assert.True(nodes.Length > 1 || nodes[0] > 1, $"Nothing grew: {run.Output}");
        Assert.Contains(string.Join(' ', nodes), run.Output, StringComparison.Ordinal);
        Assert.InRange(Array.FindAll(nodes, node => node >= 0).Length, 1, 3);

        // The file holds the form that has grown.
        ToolRun told = ToolRun.Start("info", Path.Combine(whole, "model.safetensors"), "--json");
        told.AssertOk();
        Assert.Contains("adaptive-tree", told.Output, StringComparison.Ordinal);

        string broken = trained.FileNamed("tree-broken");
        ToolRun stopped = ToolRun.Start([.. arguments, "--out", broken, "--minutes", "0.0011", "--json"]);
        stopped.AssertFailure(1, "time is up", "--resume");
        ToolRun.Start("train", "--resume", broken).AssertOk();
        AssertSameAnswers(Path.Combine(broken, "model.safetensors"), Path.Combine(whole, "model.safetensors"));

        // A plan that was changed by hand, and one whose weights were never kept.
        string path = Path.Combine(broken, "plan.json");
        string text = File.ReadAllText(path);
        File.Delete(Path.Combine(broken, "checkpoint.safetensors"));
        ToolRun.Start("train", "--resume", broken).AssertFailure(1, "before its first checkpoint", "begin again");
        File.WriteAllText(path, text.Replace($"\"{string.Join(',', nodes)}\"", "\"1,leaf\"", StringComparison.Ordinal));
        ToolRun.Start("train", "--resume", broken).AssertFailure(1, "no sound plan", "leaf");
        ToolRun.Start("train", "--data", trained.Data, "--model", "supernet", "--grow", "3").AssertFailure(2, "--grow", "adaptive-tree", "supernet, which has no tree");
    }

    [Fact]
    public void WrongUsageIsToldInOneLine()
    {
        ToolRun.Start("train").AssertFailure(2, "--data is missing");
        ToolRun.Start("train", "--data", trained.Data, "--model", "msdnet-tny").AssertFailure(2, "--model is 'msdnet-tny'", "did you mean 'msdnet-tiny'?");
        ToolRun.Start("train", "--data", trained.Data, "--epochs", "0").AssertFailure(2, "--epochs is '0'", "from 1 to");
        ToolRun.Start("train", "--data", trained.Data, "--rate", "NaN").AssertFailure(2, "--rate is 'NaN'");
        ToolRun.Start("train", "--resume", trained.Run, "--epochs", "9").AssertFailure(2, "--epochs cannot be given with --resume");
        ToolRun.Start("train", "--resume", trained.FileNamed("nowhere")).AssertFailure(1, "does not exist");
        ToolRun.Start("train", "--data", trained.FileNamed("nothing"), "--out", trained.FileNamed("x")).AssertFailure(1, "cannot open the data set");
        Assert.False(Directory.Exists(trained.FileNamed("x")));
    }

    [Fact]
    public void OptionsThatHaveAnEffectAreTaken()
    {
        string run = trained.FileNamed("effective");
        string[] options = ["--image-size", "12", "--flip", "--erase", "0.1", "--smoothing", "0.1", "--distillation", "0.5", "--minutes", "0.0011"];
        ToolRun.Start(trained.TrainArguments(run, options)).AssertFailure(1, "time is up");
        using JsonDocument plan = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "plan.json")));
        Assert.Equal("12", plan.RootElement.GetProperty("image size").GetString());
        Assert.Equal("0.5", plan.RootElement.GetProperty("distillation").GetString());
        string gated = trained.FileNamed("gated");
        ToolRun.Start("train", "--data", trained.Data, "--model", "fbs", "--target", "0.5", "--batch", "12", "--minutes", "0.0011", "--out", gated, "--json").AssertFailure(1, "time is up");
        string attentive = trained.FileNamed("attentive");
        ToolRun.Start("train", "--data", trained.Data, "--model", "attention-resnet", "--attention", "eca", "--activation", "frelu", "--batch", "12", "--minutes", "0.0011", "--out", attentive, "--json").AssertFailure(1, "time is up");
    }

    // A process that was started in the background of a script has the interrupt signal ignored, and so have its children.
    internal static string StopSignal()
    {
        const string Status = "/proc/self/status";
        const string Ignored = "SigIgn:";
        const ulong Interrupt = 1UL << (2 - 1);
        string? line = File.Exists(Status) ? Array.Find(File.ReadAllLines(Status), text => text.StartsWith(Ignored, StringComparison.Ordinal)) : null;
        bool isIgnored = line is not null && (Convert.ToUInt64(line[Ignored.Length..].Trim(), 16) & Interrupt) != 0;
        return isIgnored ? "-TERM" : "-INT";
    }

    private void AssertSameAnswers(string model, string expected)
    {
        string recorded = trained.FileNamed($"answers-{Guid.NewGuid():N}.npz");
        ToolRun.Start("verify", "--model", expected, "--record", recorded, "--count", "3").AssertOk();
        ToolRun.Start("verify", "--model", model, recorded, "--atol", "0", "--rtol", "0").AssertOk();
    }
}
