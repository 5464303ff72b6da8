using System;
using System.IO;
using System.Text.Json;
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
        Assert.Contains("| resnet-exits |", File.ReadAllText(Path.Combine(path, "study.md")), StringComparison.Ordinal);
        string model = Path.Combine(path, "resnet-exits-seed1", "model.safetensors");
        DateTime written = File.GetLastWriteTimeUtc(model);
        ToolRun second = ToolRun.Start(arguments);
        second.AssertOk();
        Assert.Equal(first.Output, second.Output);
        Assert.Equal(written, File.GetLastWriteTimeUtc(model));
        arguments[6] = "2";
        ToolRun.Start(arguments).AssertFailure(1, "epochs = 1", "this study has 2", "--out");
    }

    [Fact]
    public void NamesWhatItKnows()
    {
        ToolRun.Start("study", "everything").AssertFailure(2, "there is no study 'everything'", "instance-wise");
        ToolRun.Start("study", "instance-wise", "--only", "nothing-of-the-kind").AssertFailure(2, "no method of the study has 'nothing-of-the-kind'");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
